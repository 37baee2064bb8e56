import type { SignedCheckpoint } from '@countersign/contracts/audit';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Anchors, fileAnchor, webhookAnchor, type Anchor } from './anchors.js';

const checkpoint = (size: number): SignedCheckpoint => ({ origin: 'log', size, root: `root ${size}`, note: 'log\n' });

/** A record that grows, and what keeps its checkpoints. */
function anchored(...anchors: Anchor[]) {
  let size = 0;
  const tried: string[] = [];
  const all = new Anchors({
    anchors,
    latest: async () => (size === 0 ? undefined : checkpoint(size)),
    logger: { warn() {} },
    onTried: (anchor, outcome) => tried.push(`${anchor} ${outcome}`),
  });
  const growTo = async (next: number) => {
    size = next;
    all.look();
    await all.idle();
  };
  return { growTo, tried, all };
}

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-anchors-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return join(dir, 'checkpoints.ndjson');
}

describe('checkpoints that are kept elsewhere', () => {
  it('are added to a file of the owner, each once', async () => {
    const path = temporary();
    const { growTo } = anchored(fileAnchor(path));
    for (const size of [0, 1, 1, 5]) await growTo(size);
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as SignedCheckpoint)).toEqual([checkpoint(1), checkpoint(5)]);
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('are POSTed; what was refused is followed by what says more', async () => {
    const bodies: string[] = [];
    const answers = [503, 302, 204];
    const server = createServer(async (request, reply) => {
      bodies.push(Buffer.concat(await request.toArray()).toString());
      reply.writeHead(answers.shift()!, { location: '/elsewhere' }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { growTo, tried } = anchored(webhookAnchor(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
    for (const size of [2, 2, 3, 3]) await growTo(size);
    expect(bodies.map((body) => (JSON.parse(body) as SignedCheckpoint).size)).toEqual([2, 2, 3]);
    expect(tried).toEqual(['webhook failed', 'webhook failed', 'webhook kept']);
  });

  it('hold nothing up: one that answers nothing delays no other look, and is asked once at a time', async () => {
    const keep = vi.fn(() => new Promise<void>(() => {}));
    const path = temporary();
    const { all, growTo } = anchored({ name: 'webhook', keep }, fileAnchor(path));
    void growTo(1);
    for (let n = 0; n < 5; n++) all.look();
    await vi.waitFor(() => expect(readFileSync(path, 'utf8')).toContain('root 1'));
    expect(keep).toHaveBeenCalledTimes(1);
  });
});
