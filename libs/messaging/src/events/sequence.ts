import type { Event } from '@countersign/contracts';
import type { Envelope } from './envelope.js';

/** CloudEvents' extension Sequence: its `Integer` has 32 bits with a sign, and is to be ordered as a text too. */
const type = 'Integer';
const digits = 10;
const largest = 2 ** 31 - 1;

export const sequenceHeaders = ({ sequence }: Pick<Event, 'sequence'>): Record<string, string> =>
  sequence === undefined ? {} : { ce_sequence: String(sequence).padStart(digits, '0'), ce_sequencetype: type };

/** Whoever sends commands may count in another way, which says nothing here and is no reason to refuse one. */
export function sequenceIn(attribute: Envelope['attribute']): number | undefined {
  try {
    const said = attribute('sequence');
    if (said === undefined || attribute('sequencetype') !== type || !/^\d{1,10}$/.test(said)) return undefined;
    const sequence = Number(said);
    return sequence >= 1 && sequence <= largest ? sequence : undefined;
  } catch {
    return undefined;
  }
}
