import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../child.js';

export interface Approvals {
  /** Decisions per second beside what the store alone makes of a read and a conditional write of as much. */
  resolves: { concurrency: number; product: number; store: number }[];
  /** A page of a hundred pending approvals with its total, milliseconds. */
  lists: { pending: number; p50_ms: number; p99_ms: number }[];
}

/** Decisions and lists of the approval service on the embedded store, without HTTP. */
export async function measureApprovals(quick: boolean): Promise<Approvals> {
  const sizes = quick ? [1_000, 10_000] : [1_000, 100_000, 1_000_000];
  const resolves: Approvals['resolves'] = [];
  const lists: Approvals['lists'] = [];
  console.error('decisions');
  await inDirectory(async (directory) => {
    const child = startChild({
      module: './approvals/approvals-process.js',
      task: { directory, seconds: quick ? 1 : 4, sizes: [] },
    });
    resolves.push(...(await child.next<{ resolves: Approvals['resolves'] }>(300)).resolves);
    await child.ended;
  });
  console.error(`lists of ${sizes.join(', ')}`);
  await inDirectory(async (directory) => {
    const child = startChild({ module: './approvals/approvals-process.js', task: { directory, seconds: 0, sizes } });
    while (lists.length < sizes.length)
      lists.push((await child.next<{ list: Approvals['lists'][number] }>(1_500)).list);
    await child.ended;
  });
  return { resolves, lists };
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
