import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { maskOf } from './mask.js';
import { KnownSecrets } from './secrets.js';

it('a secret that is replaced stays one, as those of the start do; of tokens only the last that were used', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-secrets-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'key');
  writeFileSync(file, 'the-key-of-the-start');
  const secrets = new KnownSecrets();
  const mask = maskOf(secrets.list);
  secrets.addAll({ header: 'Bearer {{env.KEY}}' }, { KEY_FILE: file });
  expect(mask('the-key-of-the-start, the-next-key')).toBe('***, the-next-key');
  secrets.add('the-next-key');
  expect(mask('the-key-of-the-start, the-next-key')).toBe('***, ***');
  for (let n = 100; n < 140; n++) {
    secrets.add(`token-number-${n}`);
    // Which is in use all the time.
    secrets.add('the-next-key');
  }
  expect(mask('the-key-of-the-start, the-next-key, token-number-100, token-number-109, token-number-139')).toBe(
    '***, ***, token-number-100, ***, ***',
  );
});
