import { catalogue, eventNames, parseEventData, type Event, type EventName } from '@countersign/contracts';
import type { Scope } from '@countersign/contracts/auth';
import { canonicalJson } from '@countersign/contracts/json';
import { hash } from 'node:crypto';
import { z } from 'zod';

/** The scope for each command over the bus. */
export const commandScopes = {
  'run.requested': 'runs:write',
  'run.cancel_requested': 'runs:write',
  'tool.call_requested': 'runs:write',
  'tool.claim_requested': 'runs:write',
  'tool.report_requested': 'runs:write',
  'approval.resolve_requested': 'approvals:write',
  'approval.answer_requested': 'runs:write',
  'tool.pause_requested': 'executions:write',
  'tool.resume_requested': 'executions:write',
} as const satisfies Partial<Record<EventName, Scope>>;

export type CommandName = keyof typeof commandScopes;
/** A command as it comes from the bus. */
export type CommandEvent = { [N in CommandName]: Event<N> }[CommandName];

export const CommandName = z.enum(Object.keys(commandScopes) as [CommandName, ...CommandName[]]);

/** What may be sent by anybody, as the catalogue says. */
export const commandNames = eventNames.filter((name) => catalogue[name].from === 'anyone');

/** A command that is about to be sent, before it has a token. */
export interface Command {
  type: CommandName;
  data: Record<string, unknown>;
}

/**
 * What a token is tied to: all that a command says, as whoever reads it understands it, but for the token.
 *
 * @throws TerminalError that names each field that is wrong.
 */
export function commandDigest({ type, data }: Command): string {
  const { token: _, ...signed } = parseEventData(type, data);
  return `sha256:${hash('sha256', canonicalJson({ type, data: signed }), 'hex')}`;
}
