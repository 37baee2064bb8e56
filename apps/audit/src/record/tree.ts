import type { AppendLog } from '@countersign/persistence/append-log';
import { Frontier, nodesOf, type ReadHashes } from '@countersign/transparency';
import { nodeIn, type Entry } from './entry.js';

/** Reads the nodes of the tree, each from the entry that it is complete with. */
export const readNodes =
  (log: Pick<AppendLog<Entry>, 'find'>): ReadHashes =>
  async (nodes) => {
    const places = nodes.map(({ level, index }) => (index + 1) * 2 ** level - 1);
    const distinct = [...new Set(places)];
    const entries = await log.find({ filter: { position: { in: distinct } }, sort: [], limit: distinct.length });
    const at = new Map(entries.map((entry) => [entry.position, entry]));
    return nodes.map(({ level }, n) => {
      const entry = at.get(places[n]!);
      if (!entry) throw new Error(`the record has no entry ${places[n]}`);
      return nodeIn(entry, level);
    });
  };

/** The right edge of the tree of the first `size` entries. */
export const frontierAt = async (log: Pick<AppendLog<Entry>, 'find'>, size: number): Promise<Frontier> =>
  new Frontier(size, size === 0 ? [] : await readNodes(log)(nodesOf(0, size)));
