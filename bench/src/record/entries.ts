import { Frontier, leafHash } from '@countersign/transparency';
import { hash } from 'node:crypto';

/** What it takes to find out that so many entries are what a checkpoint says. */
export interface Entries {
  count: number;
  bytes: number;
  hashing_s: number;
  /** From their bytes to the root, as a verifier computes it. */
  tree_s: number;
  /** The same as read from lines of an export, each of which is JSON. */
  lines_s: number;
}

/** As long as an entry usually is, and no two alike. */
const textOf = (n: number): string =>
  JSON.stringify({ data: { run_id: `run-${n % 1_000}`, text: 'x'.repeat(900) }, id: `runs/run/${n}/0`, sequence: n });

const utf8 = new TextEncoder();

/** The same entries are made anew each time, and what making them takes is taken off. */
export function measureEntries(count: number): Entries {
  let bytes = 0;
  const making = timed(count, (text) => void (bytes += utf8.encode(text).length));
  const hashing = timed(count, (text) => void hash('sha256', utf8.encode(text), 'buffer'));
  const frontier = new Frontier();
  const tree = timed(count, (text) => void frontier.append(leafHash(utf8.encode(text))));
  const again = new Frontier();
  const lines = timed(count, (text) => {
    again.append(leafHash(utf8.encode(text)));
    JSON.parse(text);
  });
  if (!Buffer.from(again.root).equals(frontier.root)) throw new Error('the same entries have two roots');
  const seconds = (took: number) => (took - making) / 1e6;
  return { count, bytes, hashing_s: seconds(hashing), tree_s: seconds(tree), lines_s: seconds(lines) };
}

/** Microseconds of CPU. */
function timed(count: number, work: (text: string) => void): number {
  const began = process.cpuUsage();
  for (let n = 0; n < count; n++) work(textOf(n));
  return process.cpuUsage(began).user;
}
