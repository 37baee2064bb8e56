import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { validateWithAgno } from './agno.js';
import { isReady, startChild } from '../world/child.js';
import { adminKey } from '../world/credentials.js';
import { eventually } from '../world/eventually.js';

it("answers on the approvals routes with what agno's own models take", async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-agno-approvals-'));
  const child = await startChild({ app: 'standalone', env: { DATA_DIR: dir } });
  try {
    await eventually('it to be ready', () => isReady(child.url));
    expect(await validateWithAgno(child.url, adminKey)).toEqual([
      'list with pages',
      'list with filters',
      'count',
      'get',
      'status',
      'resolve',
      'resolve again is 409',
      'what is not there is 404',
      'delete',
    ]);
  } finally {
    await child.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}, 300_000);
