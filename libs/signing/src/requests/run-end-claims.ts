import { Id, type Event, type EventData } from '@countersign/contracts';
import type { Requirement } from '@countersign/contracts/calls';
import { canonicalJson } from '@countersign/contracts/json';
import { atMillis, EpochSeconds, toEpochSeconds } from '@countersign/contracts/time';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { resultDigest } from '../results/result-digest.js';

/** What a runner signs when a run is over, which voids its open requests. */
export const RunEndClaims = z.strictObject({
  run_id: Id,
  agent_id: Id,
  session_id: Id,
  user_id: Id.nullable(),
  requested_by: Id.nullable(),
  outcome: z.enum(['completed', 'failed', 'cancelled']),
  requirements_digest: z.string().meta({ description: 'Of what the run still waited for.' }),
  text_digest: z.string().meta({ description: 'Of the answer, the error or the reason.' }),
  issued_at: EpochSeconds,
});
export type RunEndClaims = z.infer<typeof RunEndClaims>;

/** The events in which a runner says that a run is over. */
export type RunEnd = { [N in keyof typeof outcomes]: { type: N; data: EventData<N> } }[keyof typeof outcomes];

const outcomes = { 'run.completed': 'completed', 'run.failed': 'failed', 'run.cancelled': 'cancelled' } as const;

export const isRunEnd = (event: { type: string }): event is RunEnd => Object.hasOwn(outcomes, event.type);

/** What the end of a run says, as it is signed. @param issued_at epoch seconds */
export function runEndClaimsOf(event: RunEnd, issued_at: EpochSeconds): RunEndClaims {
  const { run_id, agent_id, session_id, user_id, requested_by } = event.data;
  const requirements = event.type === 'run.completed' ? [] : event.data.requirements.map(named);
  return {
    run_id,
    agent_id,
    session_id,
    user_id,
    requested_by,
    outcome: outcomes[event.type],
    requirements_digest: resultDigest(canonicalJson(requirements)),
    text_digest: resultDigest(textOf(event)),
    issued_at,
  };
}

/** When a run ended, as its runner has signed it. Only of an end that nobody has to sign, when the event says that it was. */
export function endedAt({ data: { signature }, time }: RunEnd & Pick<Event, 'time'>): EpochSeconds {
  const signed = signature === null ? undefined : RunEndClaims.safeParse(decodeJwt(signature)).data;
  return signed?.issued_at ?? toEpochSeconds(atMillis(Date.parse(time)));
}

/** What is made void, and what its record will show. */
function named({ id, tool_execution: call }: Requirement) {
  const { tool_call_id, tool_name, tool_args, approval_id, approval_type, redact } = call;
  const { requires_confirmation, requires_user_input, external_execution_required } = call;
  const waits = { requires_confirmation, requires_user_input, external_execution_required };
  return { id, tool_call_id, tool_name, tool_args, approval_id, approval_type, redact, ...waits };
}

function textOf(event: RunEnd): string {
  switch (event.type) {
    case 'run.completed':
      return event.data.content;
    case 'run.failed':
      return event.data.error;
    case 'run.cancelled':
      return event.data.reason ?? '';
  }
}
