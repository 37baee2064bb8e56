import type { Event, EventData, Execution, Requirement, ToolExecution } from '@countersign/contracts';
import { goldenEvent } from '@countersign/testing';
import { decideExecution, type ExecutionMessage } from './execution.js';

/** Executions and messages for specifications; the approval is the golden one. */
export const now = Date.parse('2026-09-01T09:31:02.500Z');
export const nowSeconds = Math.floor(now / 1000);
export const worker = 'worker-1';
export const lease_ms = 30_000;

export function approved(
  change: Partial<EventData<'approval.resolved'>> = {},
  refusal: string | null = null,
): ExecutionMessage {
  const event = goldenEvent('approval.resolved');
  return { type: 'approved', event: { ...event, data: { ...event.data, ...change } }, refusal };
}
export const forged = approved({ tool_args: { service_name: 'auth-service', version: '6.6.6' } });
export const claimed: ExecutionMessage = { type: 'claimed', worker, lease_ms };
export const extended: ExecutionMessage = { type: 'lease_extended', worker, lease_ms };
export const succeeded: ExecutionMessage = { type: 'succeeded', worker, result: 'Deployed.' };
export const failed: ExecutionMessage = { type: 'failed', worker, error: 'exit code 1' };
export const lost: ExecutionMessage = { type: 'lost', worker, reason: 'ended by SIGKILL' };
export const due: ExecutionMessage = { type: 'due' };
export const settled = (outcome: 'succeeded' | 'failed'): ExecutionMessage => ({
  type: 'settled',
  outcome,
  note: 'I looked.',
});

export const runCancelled: Event<'run.cancelled'> = goldenEvent('run.cancelled');
const [requirement] = runCancelled.data.requirements as [Requirement];

/** The golden requirement, of a call that is another in this. */
export const requirementWith = (change: Partial<ToolExecution>): Requirement => ({
  ...requirement,
  tool_execution: { ...requirement.tool_execution, ...change },
});
export const runFailed: Event<'run.failed'> = {
  ...goldenEvent('run.failed'),
  data: { ...goldenEvent('run.failed').data, requirements: [requirement] },
};
export const cancelled: ExecutionMessage = { type: 'cancelled', event: runCancelled, requirement };
export const ended: ExecutionMessage = { type: 'cancelled', event: runFailed, requirement };

/** The execution after these messages, each of which must change it. */
export function executionAfter(...messages: readonly ExecutionMessage[]): Execution {
  return continued(undefined, now, ...messages);
}

export function continued(
  from: Execution | undefined,
  at: number,
  ...messages: readonly ExecutionMessage[]
): Execution {
  let execution = from;
  for (const message of messages) {
    const transition = decideExecution(execution, message, at);
    if (transition.kind !== 'changed') throw new Error(`${message.type} is ${transition.kind}: ${transition.reason}`);
    execution = { ...transition.state, version: (execution?.version ?? 0) + 1 };
  }
  return execution!;
}
