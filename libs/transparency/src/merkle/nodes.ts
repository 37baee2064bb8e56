import { nodeHash, type Hash } from './hash.js';

/** A perfect subtree: `2 ** level` leaves, the `index`-th of that size from the left. What a log keeps of its tree. */
export interface Node {
  level: number;
  index: number;
}

/** The perfect subtrees that leaves `from` to `to` (exclusive) are made of, left to right; `from` begins a subtree. */
export function nodesOf(from: number, to: number): Node[] {
  const nodes: Node[] = [];
  for (let next = from; next < to;) {
    const level = largestPower(to - next);
    nodes.push({ level, index: next / 2 ** level });
    next += 2 ** level;
  }
  return nodes;
}

/** The hash of a range of leaves, of those of its `nodesOf`. At least one. */
export const joined = (hashes: readonly Hash[]): Hash =>
  hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), hashes.at(-1)!);

/** The exponent of the largest power of two that is not larger; sizes go beyond 32 bits. */
function largestPower(size: number): number {
  let level = 0;
  while (2 ** (level + 1) <= size) level += 1;
  return level;
}

/** Where RFC 9162 splits a tree: the largest power of two that is smaller than its size, which is at least 2. */
export const splitOf = (size: number): number => 2 ** largestPower(size - 1);
