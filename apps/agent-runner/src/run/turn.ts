import type { ConversationItem, Run } from '@countersign/contracts/runs';
import type { EpochMillis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { changed, touch } from '@countersign/persistence';
import { approvalRequired, isOpen, newCall, refusedAgain, rejectedBefore } from './call.js';
import {
  callOutput,
  callsIn,
  checkCall,
  developerMessage,
  nudges,
  refusalIn,
  textIn,
  type FunctionCall,
} from './conversation.js';
import type { ModelResponse } from '../model/model.js';
import { continueIfComplete, replace } from './calls.js';
import { takenIn } from '../model/wire/intake.js';
import { limitReached } from './failures/limits.js';
import { complete, fail, log, type RunTransition } from './states.js';

export interface Turn {
  agent: Agent;
  /** The run's place in its session. */
  turn: number;
  response: ModelResponse;
  /** How many steps the run had when the model was called; deduplicates an answer that is stored already. */
  step?: number;
}

/** The model's turn is over: it answered, requested calls, or has to be called again. */
export function take(before: Run, { agent, turn, response }: Turn, now: EpochMillis): RunTransition {
  const { items } = takenIn(before, response.items);
  const run = hear(
    { ...before, agent_version: before.agent_version ?? agent.version, turn },
    items,
    response.usage,
    now,
  );
  const calls = callsIn(items);
  const text = textIn(items);
  if (calls.length === 0) {
    const nudge = nudgeFor(before, items, response.incomplete);
    if (nudge === null) return complete(run, text || refusalIn(items), now);
    return limited({ ...run, items: [...run.items, developerMessage(nudge)] }, agent, now);
  }
  if (response.incomplete !== null) {
    const outputs = calls.map(({ call_id }) => callOutput(call_id, nudges.cutOffCall));
    return limited({ ...run, items: [...run.items, ...outputs] }, agent, now);
  }
  return limited(withCalls(run, agent, calls, now), agent, now, (requested) => {
    const fresh = requested.calls.slice(run.calls.length);
    const gated = fresh.filter((each) => isOpen(each) && each.tool_execution.approval_type !== null);
    return continueIfComplete(requested, now, ...gated.map((each) => approvalRequired(requested, agent, each, text)));
  });
}

/** Appends the model's output. */
function hear(
  run: Run,
  items: readonly ConversationItem[],
  { input_tokens, output_tokens }: Run['usage'],
  now: EpochMillis,
) {
  const answered = touch(run, now, {
    steps: run.steps + 1,
    failures: 0,
    error: null,
    error_code: null,
    waiting_since: null,
    usage: {
      input_tokens: run.usage.input_tokens + input_tokens,
      output_tokens: run.usage.output_tokens + output_tokens,
    },
    items: [...run.items, ...items],
  });
  if (textIn(items) === '') return answered;
  return log(answered, now, { type: 'text', items: [run.items.length, answered.items.length] });
}

/** What to tell a model that neither answered nor called anything. A second refusal in a row is its answer. */
function nudgeFor(before: Run, items: readonly ConversationItem[], incomplete: string | null): string | null {
  if (incomplete !== null) return nudges.cutOff(incomplete);
  if (textIn(items) !== '') return null;
  if (refusalIn(items) === '') return nudges.empty;
  return before.items.at(-1)?.['content'] === nudges.refused ? null : nudges.refused;
}

/** Notes the calls that can be made, and answers the others with what is wrong with them. */
function withCalls(run: Run, agent: Agent, wanted: readonly FunctionCall[], now: EpochMillis): Run {
  let room = maxArguments;
  return wanted.reduce((state, wish, n) => {
    const { call_id } = wish;
    room -= Buffer.byteLength(wish.arguments);
    const checked = room < 0 || n >= maxCalls ? { complaint: tooMuch } : checkCall(wish, agent.tools);
    if ('complaint' in checked) return { ...state, items: [...state.items, callOutput(call_id, checked.complaint)] };
    const added = newCall(state, call_id, checked);
    const noted = { ...state, calls: [...state.calls, added] };
    const rejected = rejectedBefore(state.calls, added);
    if (rejected) return replace(noted, refusedAgain(added, rejected), now);
    return added.state === 'ready' ? log(noted, now, { type: 'call_started', call: added.id }) : noted;
  }, run);
}

/** Of one turn: what all calls of a run wait for has to fit into one message of 1 MiB. */
const maxCalls = 100;
const maxArguments = 100_000;
const tooMuch = `This call was not made: one turn has room for ${maxCalls} calls and ${maxArguments} bytes of arguments. Call again, with less at once.`;

/** Ends a run that would ask the model again beyond a limit of its agent. */
function limited(run: Run, agent: Agent, now: EpochMillis, next: (run: Run) => RunTransition = changed): RunTransition {
  const limit = limitReached(run, agent, now);
  return limit ? fail(run, limit.error, now, limit.code) : next(run);
}
