import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Statement {
  predicateType: string;
  subject: { name: string; digest: { sha256: string } }[];
  predicate: { buildDefinition: { resolvedDependencies: { name: string }[] }; runDetails: { builder: { id: string } } };
}

it('provenance is signed, and names what is built by its bytes, and what it is built from', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-provenance-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(dir, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const args = ['tools/provenance.mjs', '--allow-changes', '--key', join(dir, 'key.pem'), '--builder', 'urn:ci'];
  const printed = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const { payloadType, payload, signatures } = JSON.parse(printed) as {
    payloadType: string;
    payload: string;
    signatures: { sig: string }[];
  };
  const bytes = Buffer.from(payload, 'base64');
  const signed = `DSSEv1 28 application/vnd.in-toto+json ${bytes.length} ${bytes.toString()}`;
  expect(payloadType).toBe('application/vnd.in-toto+json');
  expect(verify(null, Buffer.from(signed), publicKey, Buffer.from(signatures[0]!.sig, 'base64'))).toBe(true);

  const { predicateType, subject, predicate } = JSON.parse(bytes.toString()) as Statement;
  expect(predicateType).toBe('https://slsa.dev/provenance/v1');
  expect(predicate.runDetails.builder.id).toBe('urn:ci');
  expect(predicate.buildDefinition.resolvedDependencies.map(({ name }) => name)).toContain('package-lock.json');
  const main = 'apps/executor/dist/bundle/main.js';
  const sha256 = createHash('sha256')
    .update(readFileSync(join(root, main)))
    .digest('hex');
  expect(subject).toContainEqual({ name: main, digest: { sha256 } });
  expect(subject.some(({ name }) => name.startsWith('apps/inbox/dist/site/'))).toBe(true);
});
