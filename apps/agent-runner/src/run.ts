import {
  emit,
  finishedRunStatuses,
  type ConversationItem,
  type Event,
  type EventData,
  type Requirement,
  type Run,
  type Usage,
} from '@countersign/contracts';
import { changed, ignored, rejected, type Transition } from '@countersign/persistence';
import type { Agent } from './agent.js';
import { callOutput, callsIn, checkCall, refusalOf, textIn, userMessage, withoutUnanswerable } from './conversation.js';
import { approvalRequired, confirm, requirementOf, type Confirmation } from './requirement.js';

/**
 * The life of a run.
 *
 * ```
 *            claimed              calls that need approval            all calls answered
 *  PENDING ──────────► RUNNING ─────────────────────────► PAUSED ──────────────────────► PENDING …
 *     ▲                 │  │ │
 *     └─ failed, later ─┘  │ └─ failed for good ──► ERROR
 *                          └─ answered ───────────► COMPLETED          cancel, in any of them ──► CANCELLED
 * ```
 *
 * RUNNING is held under a lease by one worker; when the lease runs out any worker may claim the run again, and what the
 * old one still sends is refused.
 */
export type RunMessage =
  | { type: 'requested'; run: RunRequest }
  | { type: 'claimed'; worker: string; lease_ms: number }
  | { type: 'lease_extended'; worker: string; lease_ms: number }
  | { type: 'released'; worker: string }
  | { type: 'model_responded'; worker: string; agent: Agent; response: ModelResponse }
  | { type: 'model_failed'; worker: string; error: string; retry_after_ms: number | null }
  | { type: 'cancel_requested'; reason: string | null }
  | Event<'approval.resolved'>
  | Event<'tool.execution_completed'>
  | Event<'tool.execution_failed'>
  | Event<'tool.execution_outcome_unknown'>;

interface RunRequest {
  run_id: string;
  agent_id: string;
  session_id: string;
  user_id: string | null;
  input: string;
  traceparent: string | null;
}

/** One answer of the model: items to keep as they are, and what they cost. */
export interface ModelResponse {
  items: readonly ConversationItem[];
  usage: Usage;
}

export function decideRun(run: Run | undefined, message: RunMessage, now: number): Transition<Run> {
  if (message.type === 'requested') return run ? ignored('the run exists') : request(message.run, now);
  if (!run) return rejected('there is no such run');
  if (isFinished(run)) return ignored(`the run is ${run.status}`);

  switch (message.type) {
    case 'claimed':
      return claim(run, message.worker, message.lease_ms, now);
    case 'cancel_requested':
      return cancel(run, message.reason, now);
    case 'approval.resolved':
      return resolve(run, message.data, now);
    case 'tool.execution_completed':
      return answer(run, message.data.approval_id, message.data.result, now);
    case 'tool.execution_failed':
      return answer(run, message.data.approval_id, failureOf(message.data), now);
    case 'tool.execution_outcome_unknown':
      return park(run, message.data, now);
    default:
      return isHeldBy(run, message.worker) ? work(run, message, now) : rejected('another worker holds this run');
  }
}

const isFinished = ({ status }: Run): boolean => (finishedRunStatuses as readonly string[]).includes(status);

/** What a run still waits for. */
export const openRequirements = ({ requirements }: Run): Requirement[] =>
  requirements.filter(({ tool_execution }) => tool_execution.result === null);

type WorkMessage = Extract<
  RunMessage,
  { worker: string; type: 'lease_extended' | 'released' | 'model_responded' | 'model_failed' }
>;

/** What only the worker that holds the run may say. */
function work(run: Run, message: WorkMessage, now: number): Transition<Run> {
  switch (message.type) {
    case 'lease_extended':
      return changed(touch(run, now, leased(message.worker, message.lease_ms, now)));
    case 'released':
      return changed(touch(run, now, waiting(now)));
    case 'model_responded':
      return take(run, message.agent, message.response, now);
    case 'model_failed':
      return message.retry_after_ms === null
        ? fail(run, message.error, now)
        : changed(
            touch(run, now, {
              ...waiting(now + message.retry_after_ms),
              failures: run.failures + 1,
              error: message.error,
            }),
          );
    default:
      return message satisfies never;
  }
}

function request({ input, ...request }: RunRequest, now: number): Transition<Run> {
  const run: Run = {
    ...request,
    ...waiting(now),
    input,
    content: null,
    error: null,
    requirements: [],
    steps: 0,
    failures: 0,
    usage: { input_tokens: 0, output_tokens: 0 },
    items: [userMessage(input)],
    finished_at: null,
    version: 0,
    created_at: seconds(now),
    updated_at: seconds(now),
  };
  return changed(run, emit('run.started', { ...who(run), input }));
}

function claim(run: Run, worker: string, lease_ms: number, now: number): Transition<Run> {
  const due = run.due_at !== null && run.due_at <= now;
  return due
    ? changed(touch(run, now, leased(worker, lease_ms, now)))
    : rejected(`nothing is due, the run is ${run.status}`);
}

function cancel(run: Run, reason: string | null, now: number): Transition<Run> {
  const ended = touch(run, now, { ...over(now), status: 'CANCELLED', error: reason ?? 'cancelled' });
  return changed(ended, emit('run.cancelled', { ...who(run), reason, requirements: openRequirements(run) }));
}

function fail(run: Run, error: string, now: number): Transition<Run> {
  return changed(touch(run, now, { ...over(now), status: 'ERROR', error }), emit('run.failed', { ...who(run), error }));
}

/** The model's turn is over: it answered, or it wants calls made. */
function take(before: Run, agent: Agent, { items: given, usage }: ModelResponse, now: number): Transition<Run> {
  const items = withoutUnanswerable(given);
  const run = touch(before, now, {
    steps: before.steps + 1,
    failures: 0,
    error: null,
    usage: {
      input_tokens: before.usage.input_tokens + usage.input_tokens,
      output_tokens: before.usage.output_tokens + usage.output_tokens,
    },
    items: [...before.items, ...items],
  });
  const calls = callsIn(items);
  const content = textIn(items);
  if (calls.length === 0 && content !== '') return complete(run, content, now);

  const outputs: ConversationItem[] = [];
  const requirements: Requirement[] = [];
  for (const call of calls) {
    const checked = checkCall(call, agent.tools);
    if ('complaint' in checked) outputs.push(callOutput(call.call_id, checked.complaint));
    else requirements.push(requirementOf(run.run_id, [...run.requirements, ...requirements], call.call_id, checked));
  }
  const turned = { ...run, items: [...run.items, ...outputs], requirements: [...run.requirements, ...requirements] };
  if (run.steps >= agent.max_steps)
    return fail(turned, `no answer after ${run.steps} model calls, the limit of ${agent.id}`, now);
  if (requirements.length > 0) return pause(turned, agent, requirements, content, now);
  return changed(turned);
}

function complete(run: Run, content: string, now: number): Transition<Run> {
  const ended: Run = { ...run, ...over(now), status: 'COMPLETED', content };
  return changed(ended, emit('run.completed', { ...who(run), content, steps: run.steps, usage: run.usage }));
}

function pause(run: Run, agent: Agent, requirements: Requirement[], reason: string, now: number): Transition<Run> {
  const paused = touch(run, now, { status: 'PAUSED', lease: null, due_at: null });
  const asked = requirements.map((requirement) => approvalRequired(run, agent, requirement, reason));
  return changed(paused, emit('run.paused', { ...who(run), requirements }), ...asked);
}

function resolve(run: Run, resolved: EventData<'approval.resolved'>, now: number): Transition<Run> {
  if (resolved.status !== 'approved')
    return answer(run, resolved.approval_id, refusalOf(resolved), now, { confirmation: false });
  const note = resolved.resolution_data?.note ?? null;
  const result = resolved.resolution_data?.result;
  if (result !== undefined)
    return answer(run, resolved.approval_id, result, now, { confirmation: true, confirmation_note: note });
  return amend(run, resolved.approval_id, now, (requirement) =>
    requirement.confirmation === true
      ? undefined
      : confirm(requirement, { confirmation: true, confirmation_note: note }),
  );
}

/** Gives one call its output, once; when it was the last one open, it is the model's turn again. */
function answer(run: Run, id: string, result: string, now: number, confirmation: Confirmation = {}): Transition<Run> {
  const answered = amend(run, id, now, (requirement) => {
    const { tool_execution, ...rest } = confirm(requirement, confirmation);
    return { ...rest, external_execution_result: result, tool_execution: { ...tool_execution, result } };
  });
  if (answered.kind !== 'changed') return answered;
  const { tool_call_id } = run.requirements.find((requirement) => requirement.id === id)!.tool_execution;
  const state: Run = {
    ...answered.state,
    error: withoutLineOn(id, run.error),
    items: [...run.items, callOutput(tool_call_id, result)],
  };
  if (openRequirements(state).length > 0) return changed(state);
  return changed({ ...state, ...waiting(now) }, emit('run.continued', who(run)));
}

/** Nobody knows whether the call was made. The run waits for the person who finds out. */
function park(
  run: Run,
  { approval_id, reason }: EventData<'tool.execution_outcome_unknown'>,
  now: number,
): Transition<Run> {
  const why = reason.replaceAll(/\s+/g, ' ');
  const line = `The outcome of a call is unknown (${why}). It is not made again; somebody has to find out and settle execution ${approval_id}.`;
  if (run.error?.split('\n').includes(line)) return ignored('this is known');
  const parked = amend(run, approval_id, now, (requirement) => requirement);
  if (parked.kind !== 'changed') return parked;
  return changed({ ...parked.state, error: [withoutLineOn(approval_id, run.error) ?? [], line].flat().join('\n') });
}

/** What a run waits for is a line each; this one is over. */
const withoutLineOn = (id: string, error: string | null): string | null =>
  error
    ?.split('\n')
    .filter((line) => !line.includes(id))
    .join('\n') || null;

/** Changes one open requirement; a duplicate or a late message finds none. */
function amend(
  run: Run,
  id: string,
  now: number,
  change: (open: Requirement) => Requirement | undefined,
): Transition<Run> {
  const open = run.requirements.find((requirement) => requirement.id === id);
  if (!open) return rejected('the run has no such requirement');
  if (open.tool_execution.result !== null) return ignored('the call is answered');
  const amended = change(open);
  if (!amended) return ignored('this is known');
  return changed(touch(run, now, { requirements: run.requirements.map((each) => (each === open ? amended : each)) }));
}

const failureOf = ({ error }: EventData<'tool.execution_failed'>): string =>
  `The call was approved but failed: ${error}\nTell the user; do not try the same call again unless you are asked to.`;

const who = ({ run_id, agent_id, session_id, user_id }: Run) => ({ run_id, agent_id, session_id, user_id });
const isHeldBy = ({ status, lease }: Run, worker: string): boolean => status === 'RUNNING' && lease?.worker === worker;
const seconds = (ms: number): number => Math.floor(ms / 1000);
const touch = (run: Run, now: number, change: Partial<Run>): Run => ({ ...run, ...change, updated_at: seconds(now) });

const waiting = (due_at: number) => ({ status: 'PENDING', lease: null, due_at }) as const;
const over = (now: number) => ({ lease: null, due_at: null, finished_at: seconds(now), updated_at: seconds(now) });
const leased = (worker: string, lease_ms: number, now: number) =>
  ({ status: 'RUNNING', lease: { worker, expires_at: now + lease_ms }, due_at: now + lease_ms }) as const;
