import { emptyRoot, nodeHash, type Hash } from './hash.js';
import { joined, nodesOf, type Node } from './nodes.js';

/** A node whose leaves are all there, and its hash. */
export interface Completed extends Node {
  hash: Hash;
}

/** The right edge of a tree: all that appending needs to know of it, a hash per bit of its size. */
export class Frontier {
  #hashes: Hash[];
  #size: number;

  /** @param hashes those of `nodesOf(0, size)`, as they were kept. */
  constructor(size = 0, hashes: readonly Hash[] = []) {
    if (hashes.length !== nodesOf(0, size).length) throw new Error(`not the right edge of a tree of ${size}`);
    this.#size = size;
    this.#hashes = [...hashes];
  }

  get size(): number {
    return this.#size;
  }

  get root(): Hash {
    return this.#size === 0 ? emptyRoot : joined(this.#hashes);
  }

  /** @returns the nodes that are complete with this leaf, itself first: to be kept, for proofs. */
  append(leaf: Hash): Completed[] {
    const completed: Completed[] = [{ level: 0, index: this.#size, hash: leaf }];
    for (let last = completed[0]!; last.index % 2 === 1; completed.push(last)) {
      const hash = nodeHash(this.#hashes.pop()!, last.hash);
      last = { level: last.level + 1, index: (last.index - 1) / 2, hash };
    }
    this.#hashes.push(completed.at(-1)!.hash);
    this.#size += 1;
    return completed;
  }
}
