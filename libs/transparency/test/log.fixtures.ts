import { Frontier } from '../src/merkle/frontier.js';
import { leafHash, type Hash } from '../src/merkle/hash.js';
import type { ReadHashes } from '../src/merkle/prove.js';

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** A log in memory, as one keeps it: its nodes by level and place. */
export class MemoryLog {
  readonly frontier = new Frontier();
  readonly #nodes = new Map<string, Hash>();

  constructor(...entries: readonly Uint8Array[]) {
    for (const entry of entries) this.append(entry);
  }

  append(entry: Uint8Array): void {
    for (const { level, index, hash } of this.frontier.append(leafHash(entry)))
      this.#nodes.set(`${level}/${index}`, hash);
  }

  readonly read: ReadHashes = async (nodes) => nodes.map(({ level, index }) => this.#nodes.get(`${level}/${index}`)!);
}
