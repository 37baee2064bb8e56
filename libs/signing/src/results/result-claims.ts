import { Id, type EventData } from '@countersign/contracts';
import { ExecutionErrorCode, MadeBy } from '@countersign/contracts/executions';
import { z } from 'zod';
import { resultDigest } from './result-digest.js';

const ofAttempt = {
  execution_id: Id,
  approval_id: Id,
  run_id: Id,
  tool_call_id: Id,
  tool_name: Id,
  attempt: z.int().nonnegative(),
  digest: z.string().meta({ description: 'Of the call, as it was approved.' }),
};

/** What the executor signs when a call begins, for whoever has to prove later that it did. It is strict, as a result is. */
export const StartClaims = z.strictObject({ ...ofAttempt, made_by: MadeBy, worker: Id.nullable() });
export type StartClaims = z.infer<typeof StartClaims>;

/** The claims of `tool.execution_started` as they are signed. */
export function startClaimsOf(data: EventData<'tool.execution_started'>): StartClaims {
  const { execution_id, approval_id, run_id, tool_call_id, tool_name, attempt, digest, made_by, worker } = data;
  const call = { execution_id, approval_id, run_id, tool_call_id, tool_name, attempt };
  return { ...call, digest: digest ?? '', made_by, worker };
}

/**
 * What the executor signs when it says what came of a call. It is strict: a claim that a verifier does not know may say
 * when the result must not be believed.
 */
export const ResultClaims = z.strictObject({
  ...ofAttempt,
  outcome: z.enum(['succeeded', 'failed', 'outcome_unknown']),
  result_digest: z.string().meta({ description: 'Of the result, the error or the reason.' }),
  code: ExecutionErrorCode.optional().meta({ description: 'Of the failure, exactly when the event has one.' }),
});
export type ResultClaims = z.infer<typeof ResultClaims>;

/** The events in which an executor says what came of a call. */
export type ResultEvent = {
  [N in keyof typeof outcomes]: { type: N; data: EventData<N> };
}[keyof typeof outcomes];

const outcomes = {
  'tool.execution_completed': 'succeeded',
  'tool.execution_failed': 'failed',
  'tool.execution_outcome_unknown': 'outcome_unknown',
} as const;

export const isResult = (event: { type: string }): event is ResultEvent => Object.hasOwn(outcomes, event.type);

/** What an event says, as it is signed. */
export function resultClaimsOf(event: ResultEvent): ResultClaims {
  const { execution_id, approval_id, run_id, tool_call_id, tool_name, attempt, digest } = event.data;
  const call = { execution_id, approval_id, run_id, tool_call_id, tool_name, attempt };
  const code = event.type === 'tool.execution_failed' ? event.data.code : null;
  const outcome = { outcome: outcomes[event.type], result_digest: resultDigest(textOf(event)) };
  return { ...call, ...outcome, digest: digest ?? '', ...(code !== null && { code }) };
}

function textOf(event: ResultEvent): string {
  switch (event.type) {
    case 'tool.execution_completed':
      return event.data.result;
    case 'tool.execution_failed':
      return event.data.error;
    case 'tool.execution_outcome_unknown':
      return event.data.reason;
  }
}
