import { emptyRoot, type Hash } from './hash.js';
import { joined, nodesOf, splitOf, type Node } from './nodes.js';

/** Reads hashes of complete nodes, in this order; those that are asked for together in one go. */
export type ReadHashes = (nodes: readonly Node[]) => Promise<readonly Hash[]>;

type Range = readonly [from: number, to: number];

/** The root of the first `size` leaves. */
export const rootAt = async (size: number, read: ReadHashes): Promise<Hash> =>
  size === 0 ? emptyRoot : (await hashesOf([[0, size]], read))[0]!;

/**
 * Why the leaf `index` is in the tree of the first `size` leaves (RFC 9162, 2.1.3.1).
 *
 * @throws RangeError when it is not
 */
export function proveInclusion(index: number, size: number, read: ReadHashes): Promise<Hash[]> {
  if (!isCount(index) || !isCount(size) || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  return hashesOf(siblings(index, 0, size), read);
}

/**
 * Why the tree of the first `before` leaves is the beginning of that of the first `size` (RFC 9162, 2.1.4.1).
 *
 * @throws RangeError when there is no such proof
 */
export function proveConsistency(before: number, size: number, read: ReadHashes): Promise<Hash[]> {
  if (!isCount(before) || !isCount(size) || before > size)
    throw new RangeError(`no tree of ${before} in one of ${size}`);
  return hashesOf(before === 0 ? [] : difference(before, 0, size, true), read);
}

/** The ranges beside the way from a leaf to the root, the lowest first. */
function siblings(index: number, from: number, to: number): Range[] {
  if (to - from === 1) return [];
  const middle = from + splitOf(to - from);
  return index < middle
    ? [...siblings(index, from, middle), [middle, to]]
    : [...siblings(index, middle, to), [from, middle]];
}

/** @param isOld whether this range is the whole older tree so far, whose root the reader has. */
function difference(before: number, from: number, to: number, isOld: boolean): Range[] {
  if (before === to) return isOld ? [] : [[from, to]];
  const middle = from + splitOf(to - from);
  return before <= middle
    ? [...difference(before, from, middle, isOld), [middle, to]]
    : [...difference(before, middle, to, false), [from, middle]];
}

async function hashesOf(ranges: readonly Range[], read: ReadHashes): Promise<Hash[]> {
  const nodes = ranges.map((range) => nodesOf(...range));
  const hashes = [...(nodes.length > 0 ? await read(nodes.flat()) : [])];
  return nodes.map(({ length }) => joined(hashes.splice(0, length)));
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
