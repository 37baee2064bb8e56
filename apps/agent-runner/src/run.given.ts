import type { ConversationItem, Event, EventData, Requirement, Run } from '@countersign/contracts';
import { opsAgent } from './agents.js';
import { decideRun, type RunMessage } from './run.js';

/** Runs and messages for specifications. */
export const now = Date.parse('2026-09-01T09:30:00Z');
export const worker = 'worker-1';
export const lease_ms = 30_000;
export const agent = opsAgent('gpt-5-mini');

export const requested: RunMessage = {
  type: 'requested',
  run: {
    run_id: 'run-1',
    agent_id: 'ops',
    session_id: 'session-1',
    user_id: 'ana',
    input: 'Deploy it.',
    traceparent: null,
  },
};
export const claimed: RunMessage = { type: 'claimed', worker, lease_ms };
export const cancelRequested: RunMessage = { type: 'cancel_requested', reason: 'postponed' };

export const text = (content: string): ConversationItem => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text: content }],
});
export const call = (call_id: string, service_name = 'auth-service', version = '2.1.0'): ConversationItem => ({
  type: 'function_call',
  call_id,
  name: 'deploy_to_production',
  arguments: JSON.stringify({ service_name, version }),
});
export const responded = (...items: ConversationItem[]): Extract<RunMessage, { type: 'model_responded' }> => ({
  type: 'model_responded',
  worker,
  agent,
  response: { items, usage: { input_tokens: 10, output_tokens: 3 } },
});
export const modelFailed = (retry_after_ms: number | null): RunMessage => ({
  type: 'model_failed',
  worker,
  error: 'overloaded',
  retry_after_ms,
});

/** The run after these messages, each of which must change it. */
export function runAfter(...messages: readonly RunMessage[]): Run {
  return runAt(now, ...messages);
}

export function runAt(at: number, ...messages: readonly RunMessage[]): Run {
  return continued(undefined, at, ...messages);
}

export function continued(from: Run | undefined, at: number, ...messages: readonly RunMessage[]): Run {
  let run = from;
  for (const message of messages) {
    const transition = decideRun(run, message, at);
    if (transition.kind !== 'changed') throw new Error(`${message.type} is ${transition.kind}: ${transition.reason}`);
    run = { ...transition.state, version: (run?.version ?? 0) + 1 };
  }
  return run!;
}

export const paused = runAfter(requested, claimed, responded(call('call_a')));
export const pausedForTwo = runAfter(requested, claimed, responded(call('call_a'), call('call_b', 'billing', '3.0.0')));

export const requirementFor = (run: Run, tool_call_id: string): Requirement =>
  run.requirements.find(({ tool_execution }) => tool_execution.tool_call_id === tool_call_id)!;

/** What is said about the call of a requirement. */
const about = ({ id, tool_execution: { tool_call_id, tool_name } }: Requirement, run_id = 'run-1') => ({
  run_id,
  approval_id: id,
  tool_call_id,
  tool_name,
});

const envelope = { id: '1', source: '/elsewhere', time: '2026-09-01T09:30:00Z', subject: 'x', traceparent: null };

export const resolved = (
  requirement: Requirement,
  status: EventData<'approval.resolved'>['status'],
  { resolution_data = null, resolved_by = 'bob' }: Partial<EventData<'approval.resolved'>> = {},
): Event<'approval.resolved'> => ({
  ...envelope,
  type: 'approval.resolved',
  key: 'run-1',
  data: {
    ...about(requirement),
    tool_args: requirement.tool_execution.tool_args,
    approval_type: 'required',
    pause_type: 'external_execution',
    digest: 'sha256:…',
    status,
    automatic: false,
    resolution_data,
    resolved_by,
    resolved_at: now / 1000,
  },
});
const executionOf = (requirement: Requirement) => ({
  ...about(requirement),
  execution_id: requirement.id,
  attempt: 1,
});
export const completed = (requirement: Requirement, result = 'done'): Event<'tool.execution_completed'> => ({
  ...envelope,
  type: 'tool.execution_completed',
  key: 'run-1',
  data: { ...executionOf(requirement), result },
});
export const failed = (requirement: Requirement, error = 'exit code 1'): Event<'tool.execution_failed'> => ({
  ...envelope,
  type: 'tool.execution_failed',
  key: 'run-1',
  data: { ...executionOf(requirement), error },
});
export const outcomeUnknown = (
  requirement: Requirement,
  reason = 'its worker is gone',
): Event<'tool.execution_outcome_unknown'> => ({
  ...envelope,
  type: 'tool.execution_outcome_unknown',
  key: 'run-1',
  data: { ...executionOf(requirement), reason },
});
