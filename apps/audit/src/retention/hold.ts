import { emit } from '@countersign/contracts';
import type { LegalHold } from '@countersign/contracts/audit';
import { isSameSubject } from '@countersign/contracts/auth';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, newRecord, rejected, type Collection, type Transition } from '@countersign/persistence';
import type { Entry } from '../record/entry.js';

export interface StoredHold extends LegalHold {
  /** The run that it is on, or the key that all others share. */
  event_key: string;
}

export type HoldMessage =
  | { type: 'placed'; hold: Pick<LegalHold, 'id' | 'run_id' | 'actor' | 'tool_name' | 'reason' | 'by'> }
  | { type: 'released'; reason: string; by: string };

export const holdCollection: Collection<StoredHold> = {
  name: 'audit_holds',
  key: 'id',
  indexes: [['status', 'created_at'], ['created_at']],
};

export function decideHold(
  hold: StoredHold | undefined,
  message: HoldMessage,
  now: EpochMillis,
): Transition<StoredHold, 'hold_not_found'> {
  if (message.type === 'placed') return hold ? ignored('the hold exists') : place(message.hold, now);
  if (!hold) return rejected('hold_not_found', 'there is no such hold');
  if (hold.status === 'released') return ignored('it is released');
  const { reason, by } = message;
  const at = toEpochSeconds(now);
  const over = {
    status: 'released',
    released_at: at,
    released_by: by,
    release_reason: reason,
    updated_at: at,
  } as const;
  return changed({ ...hold, ...over }, emit('audit.hold_released', { hold_id: hold.id, reason, by }));
}

function place(
  wanted: Extract<HoldMessage, { type: 'placed' }>['hold'],
  now: EpochMillis,
): Transition<StoredHold, never> {
  const { id: hold_id, run_id, actor, tool_name, reason, by } = wanted;
  const hold: StoredHold = {
    ...newRecord(now),
    ...wanted,
    status: 'in_force',
    event_key: run_id ?? 'audit',
    released_at: null,
    released_by: null,
    release_reason: null,
  };
  return changed(hold, emit('audit.hold_placed', { hold_id, run_id, actor, tool_name, reason, by }));
}

/** Whether these entries, which go together, are held. Who is named anywhere in one counts, whatever they did there. */
export function isHeld(
  entries: readonly Entry[],
  holds: readonly Pick<LegalHold, 'run_id' | 'actor' | 'tool_name'>[],
): boolean {
  return holds.some(
    ({ run_id, actor, tool_name }) =>
      (run_id === null || entries.some(({ key }) => key === run_id)) &&
      (actor === null || entries.some((entry) => names(entry, actor))) &&
      (tool_name === null ||
        entries.some((entry) => entry.tool_name === tool_name || mentions(entry, JSON.stringify(tool_name)))),
  );
}

const names = (entry: Entry, actor: string): boolean =>
  (entry.actor !== null && isSameSubject(entry.actor, actor)) || mentions(entry, JSON.stringify(actor));

const mentions = ({ leaf }: Entry, text: string): boolean => leaf?.includes(text) === true;

export const shownHold = ({ event_key: _key, ...hold }: StoredHold): LegalHold => hold;
