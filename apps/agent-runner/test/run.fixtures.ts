import type { Event, EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import type { Call, ConversationItem, Run } from '@countersign/contracts/runs';
import { atMillis, type EpochMillis, after, toEpochSeconds, type Millis } from '@countersign/contracts/time';
import { agent, definition, tools } from './agent.fixtures.js';
import type { CallerResolution } from '../src/run/call.js';
import type { RunMessage } from '../src/run/messages.js';
import { decideRun } from '../src/run/run.js';

/** Runs and messages for specifications. */
export const now = atMillis(Date.parse('2026-09-01T09:30:00Z'));
export const worker = 'worker-1';
export const lease_ms = 30_000;

export { agent, definition, tools };

export const requested: Extract<RunMessage, { type: 'requested' }> = {
  type: 'requested',
  run: {
    run_id: 'run-1',
    agent_id: 'ops',
    session_id: 'session-1',
    user_id: 'ana',
    requested_by: 'ana',
    run_input: 'Deploy it.',
    deadline_at: null,
    streamed: false,
    traceparent: null,
    tracestate: null,
  },
};
export const withDeadline = (deadline_at: EpochMillis): RunMessage => ({
  ...requested,
  run: { ...requested.run, deadline_at },
});
export const claimed: Extract<RunMessage, { type: 'claimed' }> = { type: 'claimed', worker, lease_ms };
export const extended: RunMessage = { type: 'lease_extended', worker, lease_ms };
export const released: RunMessage = { type: 'released', worker };
export const postponed: RunMessage = { type: 'postponed', worker, until: after(now, 5_000), reason: 'not its turn' };
export const cancelRequested: RunMessage = { type: 'cancel_requested', reason: 'postponed' };
export const retryRequested: RunMessage = { type: 'retry_requested', deadline_at: null };
/** What another worker says. */
export const other = (message: RunMessage): RunMessage => ({ ...message, worker: 'worker-2' }) as RunMessage;

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
/** A call of any tool. */
export const callTo = (name: keyof typeof tools, call_id: string, args: object = { what: 'it' }): ConversationItem => ({
  type: 'function_call',
  call_id,
  name,
  arguments: JSON.stringify(args),
});
export const responded = (...items: ConversationItem[]): Extract<RunMessage, { type: 'model_responded' }> => ({
  type: 'model_responded',
  worker,
  agent,
  turn: 0,
  response: { items, usage: { input_tokens: 10, output_tokens: 3 }, incomplete: null },
});
export const modelFailed = (retry_after_ms: Millis | null): RunMessage => ({
  type: 'model_failed',
  worker,
  error: 'overloaded',
  retry_after_ms,
});

export const callStarted = ({ id }: Call): RunMessage => ({ type: 'call_started', worker, call: id });
export const callEnded = ({ id }: Call, output = 'done', failed = false): RunMessage => ({
  type: 'call_ended',
  worker,
  call: id,
  output,
  failed,
});
export const byCaller = (...resolutions: CallerResolution[]): RunMessage => ({
  type: 'resolved_by_caller',
  resolutions,
});

/** The run after these messages, each of which must change it. */
export function runAfter(...messages: readonly RunMessage[]): Run {
  return runAt(now, ...messages);
}

export function runAt(at: EpochMillis, ...messages: readonly RunMessage[]): Run {
  return continued(undefined, at, ...messages);
}

export function continued(from: Run | undefined, at: EpochMillis, ...messages: readonly RunMessage[]): Run {
  let run = from;
  for (const message of messages) {
    const transition = decideRun(run, message, at);
    if (transition.kind !== 'changed') throw new Error(`${message.type} is ${transition.kind}: ${transition.reason}`);
    run = { ...transition.state, version: (run?.version ?? 0) + 1 };
  }
  return run!;
}

/** What this message makes the run tell others. */
export function eventsOf(run: Run | undefined, message: RunMessage, at = now) {
  const transition = decideRun(run, message, at);
  return transition.kind === 'changed' ? transition.events : [];
}

/** What the model is told of this call. */
export const outcomeText = (run: Run, call_id: string): unknown[] =>
  run.items
    .filter((item) => item.type === 'function_call_output' && item['call_id'] === call_id)
    .map((item) => item['output']);

/** A run whose model asked for these calls. */
export const asking = (...calls: ConversationItem[]): Run => runAfter(requested, claimed, responded(...calls));
export const paused = asking(call('call_a'));
export const pausedForTwo = asking(call('call_a'), call('call_b', 'billing', '3.0.0'));
export const callIn = (run: Run, tool_call_id: string): Call =>
  run.calls.find(({ tool_execution }) => tool_execution.tool_call_id === tool_call_id)!;

/** What is said about the call of a requirement. */
const about = ({ id, tool_execution: { tool_call_id, tool_name } }: Call, run_id = 'run-1') => ({
  run_id,
  approval_id: id,
  tool_call_id,
  tool_name,
});

const envelope = {
  id: '1',
  source: '/elsewhere',
  time: '2026-09-01T09:30:00Z',
  subject: 'x',
  traceparent: null,
  tracestate: null,
};

export function resolved(
  asked: Call,
  status: EventData<'approval.resolved'>['status'],
  change: Partial<EventData<'approval.resolved'>> = {},
): Event<'approval.resolved'> {
  const call = { ...about(asked), tool_args: change.tool_args ?? asked.tool_execution.tool_args };
  return {
    ...envelope,
    type: 'approval.resolved',
    key: 'run-1',
    data: {
      ...call,
      approval_type: 'required',
      pause_type: 'external_execution',
      digest: callDigest(call),
      status,
      automatic: false,
      basis: 'people',
      grant_id: null,
      redact: asked.tool_execution.redact,
      resolution_data: null,
      resolved_by: 'bob',
      resolved_at: toEpochSeconds(now),
      requester: null,
      requested_by: null,
      salt: null,
      policy_version: null,
      preview_digest: null,
      tool_version: null,
      expires_at: null,
      decisions: [],
      break_glass: null,
      repeated: false,
      run_status: null,
      run_began_at: null,
      signature: null,
      ...change,
    },
  };
}
const executionOf = (asked: Call) => ({
  ...about(asked),
  execution_id: asked.id,
  attempt: 1,
  digest: null,
  signature: null,
});
export const completed = (asked: Call, result = 'done'): Event<'tool.execution_completed'> => ({
  ...envelope,
  type: 'tool.execution_completed',
  key: 'run-1',
  data: { ...executionOf(asked), result },
});
export const failed = (asked: Call, error = 'exit code 1'): Event<'tool.execution_failed'> => ({
  ...envelope,
  type: 'tool.execution_failed',
  key: 'run-1',
  data: { ...executionOf(asked), error, code: null },
});
export const outcomeUnknown = (
  asked: Call,
  reason = 'its worker is gone',
): Event<'tool.execution_outcome_unknown'> => ({
  ...envelope,
  type: 'tool.execution_outcome_unknown',
  key: 'run-1',
  data: { ...executionOf(asked), reason },
});
