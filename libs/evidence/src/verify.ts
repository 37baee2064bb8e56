import { readKey } from '@countersign/transparency';
import { openBundle, type AgentOfVersion, type Entry, type RulesOfVersion } from './bundle.js';
import { missingIn, numbersIn, type Finding, type Numbers } from './gaps.js';
import { meaningOf, type Call } from './meaning.js';
import { EvidenceProblem, type ProblemCode } from './problem.js';

/** What came of looking at a bundle. */
export type Report =
  | {
      holds: true;
      run_id: string;
      /** The record that it is from, and how long that was. */
      origin: string;
      size: number;
      entries: Pick<Entry, 'sequence' | 'time' | 'type' | 'source' | 'id'>[];
      calls: Call[];
      /** By which it was decided, as far as they are in the evidence. */
      rules: RulesOfVersion[];
      /** Which asked for its calls, as far as they are in the evidence. */
      agents: AgentOfVersion[];
      notes: string[];
      /** Events that others name, or whose numbers no event has: what is there holds, and is not all there was. */
      missing: Finding[];
      repeated: Numbers['repeated'];
      unnumbered: Numbers['unnumbered'];
    }
  | { holds: false; code: ProblemCode; message: string; line: number | null };

/**
 * Finds out whether a bundle of evidence holds, with nothing but its bytes and a key that is trusted.
 *
 * @param key of the record, as people hand it on: `<name>+<id>+<base64>`.
 * @throws Error when the key is none
 */
export async function verifyEvidence(bytes: Uint8Array, key: string): Promise<Report> {
  const trusted = readKey(key);
  try {
    const bundle = await openBundle(bytes, trusted);
    const { calls, notes } = await meaningOf(bundle);
    const { origin, size } = bundle.checkpoint;
    const entries = bundle.entries.map(({ sequence, time, type, source, id }) => ({
      sequence,
      time,
      type,
      source,
      id,
    }));
    const { run_id, rules = [], agents = [] } = bundle.header;
    const named = missingIn(bundle);
    const numbers = numbersIn(bundle.entries, named);
    const found = { ...numbers, missing: [...named, ...numbers.missing] };
    return { holds: true, run_id, origin, size, entries, calls, rules, agents, notes, ...found };
  } catch (error) {
    if (!(error instanceof EvidenceProblem)) throw error;
    return { holds: false, code: error.code, message: error.message, line: error.line ?? null };
  }
}
