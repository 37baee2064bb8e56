import { emit } from '@countersign/contracts';
import type { Switch } from '@countersign/contracts/executions';
import { toEpochSeconds, earliest, type EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, type StoredRecord, type Transition } from '@countersign/persistence';

/** The kill switch of a tool, or of all of them. */
export interface SwitchRecord extends StoredRecord, Pick<Switch, 'tool_name' | 'paused' | 'reason' | 'by'> {
  id: string;
  event_key: string;
  /** Epoch milliseconds of the last command about it. */
  said_at_ms: EpochMillis;
}

/** `at`: when the change was made. */
export type SwitchMessage =
  | { type: 'paused'; tool_name: string | null; reason: string; by: string; at: EpochMillis }
  | { type: 'resumed'; tool_name: string | null; by: string; at: EpochMillis };

/** The switch of all tools has a name that no tool has. */
export const switchId = (tool_name: string | null): string => tool_name ?? '*';

/**
 * The last command wins: an earlier one that arrives late or again changes nothing. A tool of which
 * there is no command is not paused.
 */
export function decideSwitch(
  record: SwitchRecord | undefined,
  message: SwitchMessage,
  now: EpochMillis,
): Transition<SwitchRecord> {
  const { type, tool_name, by } = message;
  if (record && message.at <= record.said_at_ms) return ignored('a later change is known');
  const paused = type === 'paused';
  const reason = paused ? message.reason : null;
  const id = switchId(tool_name);
  const at = toEpochSeconds(now);
  const stored = { version: record?.version ?? 0, due_at: null, traceparent: null, tracestate: null, updated_at: at };
  const of = {
    id,
    event_key: id,
    tool_name,
    created_at: record?.created_at ?? at,
    said_at_ms: earliest(message.at, now),
  };
  return changed(
    { ...of, ...stored, paused, reason, by },
    paused ? emit('tool.paused', { tool_name, reason: message.reason, by }) : emit('tool.resumed', { tool_name, by }),
  );
}
