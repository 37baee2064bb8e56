import { emptyRoot, equal, nodeHash, type Hash } from './hash.js';

interface Inclusion {
  /** The leaf's own hash, and its place from 0. */
  leaf: Hash;
  index: number;
  /** Of the tree that has this root. */
  size: number;
  root: Hash;
  proof: readonly Hash[];
}

interface Consistency {
  before: { size: number; root: Hash };
  after: { size: number; root: Hash };
  proof: readonly Hash[];
}

/** Whether a leaf is in a tree, by RFC 9162, 2.1.3.2. What is malformed proves nothing. */
export function includes({ leaf, index, size, root, proof }: Inclusion): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || ![leaf, root, ...proof].every(isHash)) return false;
  let [node, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      // A right edge has no sibling on the levels where it is the left one.
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else hash = nodeHash(hash, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(hash, root);
}

/** Whether one tree is the beginning of another, by RFC 9162, 2.1.4.2. What is malformed proves nothing. */
export function isConsistent({ before, after, proof }: Consistency): boolean {
  if (!isCount(before.size) || !isCount(after.size) || before.size > after.size) return false;
  if (![before.root, after.root, ...proof].every(isHash)) return false;
  if (before.size === 0) return proof.length === 0 && equal(before.root, emptyRoot);
  if (before.size === after.size) return proof.length === 0 && equal(before.root, after.root);
  let [node, last] = [before.size - 1, after.size - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // An older tree that is one perfect subtree is where the proof begins, and its root is not repeated.
  const [first, ...rest] = node === 0 ? [before.root, ...proof] : proof;
  if (first === undefined) return false;
  let [older, newer] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      [older, newer] = [nodeHash(sibling, older), nodeHash(sibling, newer)];
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else newer = nodeHash(newer, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(older, before.root) && equal(newer, after.root);
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isHash = (hash: Hash): boolean => hash.length === 32;
const isOdd = (n: number): boolean => n % 2 === 1;
const half = (n: number): number => Math.floor(n / 2);
