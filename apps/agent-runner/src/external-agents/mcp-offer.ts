import { isOwner, type Principal } from '@countersign/auth';
import { derivedId } from '@countersign/contracts';
import { redactArguments } from '@countersign/contracts/calls';
import { noTrace } from '@countersign/contracts/trace';
import {
  isFinishedStatus,
  showCalls,
  type CallStatus,
  type RequestedCall,
  type Run,
} from '@countersign/contracts/runs';
import { millisOf, toEpochMillis, type Millis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import type { Offer, OfferedAnswer, OfferedCall, OfferedTask } from '@countersign/mcp';
import type { Store } from '@countersign/persistence';
import { randomUUID } from 'node:crypto';
import { ownersOf, userFor } from '../http/requester.js';
import { modelParameters } from '../model/model-parameters.js';
import type { RunWatch } from '../stream/run-watch.js';
import type { ExternalCalls } from './external-calls.js';

export interface McpOfferOptions {
  calls: Pick<ExternalCalls, 'cancel' | 'request'>;
  runs: Pick<Store<Run>, 'get'>;
  watch: Pick<RunWatch, 'stopping' | 'waitFor'>;
  /** Whether whoever asks for calls of a tool makes them, which a client of MCP cannot. */
  isMadeByCaller(tool: string): boolean;
  /** How long one request waits for people. */
  waitMs: Millis;
}

/** The tool by which a call is looked at again, whose request did not wait any longer. */
const checkTool = 'countersign_check';

const resultWaitMs: Millis = millisOf(60);
const progressEveryMs: Millis = millisOf(5);

/** The gated tools of an agent that runs elsewhere, as tools of the Model Context Protocol. */
export function mcpOffer(agent: Agent, who: Principal, options: McpOfferOptions): Offer {
  const offered = agent.tools.filter(({ name }) => !options.isMadeByCaller(name));
  return {
    name: agent.name,
    tools: [
      ...offered.map((tool) => ({
        name: tool.name,
        description: `${tool.description}\nPeople decide on each call first, so it may take long.`,
        parameters: modelParameters(tool),
        mayBeTask: true,
      })),
      {
        name: checkTool,
        description: 'Says what has become of a call that waited for a decision when its answer came.',
        parameters: {
          type: 'object',
          properties: { id: { type: 'string', description: 'The `id` of the answer that said to check.' } },
          required: ['id'],
        },
        mayBeTask: false,
      },
    ],
    async call(call) {
      if (call.name === checkTool) return check(agent, who, call, options);
      const asked = await ask(agent, who, call, options);
      return 'run' in asked ? outcomeOf(asked.run, call, options) : asked;
    },
    async begin(call) {
      const asked = await ask(agent, who, call, options);
      return 'run' in asked ? taskOf(asked.run) : asked;
    },
    async task(id) {
      const run = await find(id, agent, who, options);
      return run && taskOf(run);
    },
    async cancel(id) {
      const run = await find(id, agent, who, options);
      if (!run) return undefined;
      const { status } = taskOf(run);
      return status === 'working'
        ? taskOf(await options.calls.cancel(run, who))
        : refused('wrong_execution_state', `The task is ${status} already.`);
    },
    async answer(id, signal) {
      const run = await find(id, agent, who, options);
      return run && answerOf(await ended(run, signal, options));
    },
  };
}

async function ask(
  agent: Agent,
  who: Principal,
  call: OfferedCall,
  options: McpOfferOptions,
): Promise<{ run: Run } | OfferedAnswer> {
  if (options.isMadeByCaller(call.name))
    return refused('tool_not_declared', `"${call.name}" is not offered here, since its calls are made by who asks.`);
  const user = userFor(who, undefined) ?? '';
  const run_id = call.key === undefined ? randomUUID() : derivedId('calls', agent.id, user, who.subject, call.key);
  const request = { calls: [{ tool_name: call.name, tool_args: call.args }], framework: 'MCP' };
  const wanted = { run_id, agent_id: agent.id, request, who, trace: noTrace, isKeyed: call.key !== undefined };
  const asked = await options.calls.request(wanted);
  if (!('ok' in asked)) return refused(asked.code, asked.message);
  return { run: asked.ok };
}

async function check(
  agent: Agent,
  who: Principal,
  call: OfferedCall,
  options: McpOfferOptions,
): Promise<OfferedAnswer> {
  const id = String(call.args['id']);
  const run = await find(id, agent, who, options);
  return run ? outcomeOf(run, call, options) : refused('run_not_found', `There is no call "${id}".`);
}

/** @returns one that this agent asked for in the name of whoever looks; others are not there for them. */
async function find(id: string, agent: Agent, who: Principal, { runs }: McpOfferOptions): Promise<Run | undefined> {
  const run = await runs.get(id);
  return run?.asked && run.agent_id === agent.id && isOwner(who, ownersOf(run)) ? run : undefined;
}

/**
 * While its outcome is unknown it goes on: a person may still find out. One that is cancelled stays so, as the protocol wants it;
 * what came of a call that had begun is its answer.
 */
function taskOf(run: Run): OfferedTask {
  const { status } = showCalls(run).calls[0]!;
  const isCancelled = run.status === 'CANCELLED';
  return {
    id: run.run_id,
    status: isCancelled ? 'cancelled' : taskStatus[status],
    message: isCancelled && status !== 'cancelled' ? `cancelled; what had begun is not undone: ${status}` : status,
    created_at: new Date(toEpochMillis(run.created_at)),
    updated_at: new Date(toEpochMillis(run.updated_at)),
  };
}

const taskStatus: Record<CallStatus, OfferedTask['status']> = {
  waiting: 'working',
  approved: 'working',
  outcome_unknown: 'working',
  succeeded: 'completed',
  failed: 'failed',
  rejected: 'failed',
  expired: 'failed',
  cancelled: 'cancelled',
};

/** @throws Error when this instance stops first; another answers then. */
async function ended(asked: Run, signal: AbortSignal, { watch }: McpOfferOptions): Promise<Run> {
  const isOver = (run: Run) => taskOf(run).status !== 'working';
  const over = AbortSignal.any([signal, watch.stopping]);
  let run = asked;
  while (!isOver(run)) {
    if (over.aborted) throw new Error('Nothing has come of it yet. Ask again.');
    run = (await watch.waitFor(run.run_id, isOver, resultWaitMs, over)) ?? run;
  }
  return run;
}

async function outcomeOf(
  asked: Run,
  { progress, signal }: OfferedCall,
  { watch, waitMs }: McpOfferOptions,
): Promise<OfferedAnswer> {
  const until = Date.now() + waitMs;
  const isSettled = (run: Run) => isFinishedStatus(run.status) || showCalls(run).calls[0]!.status === 'outcome_unknown';
  const over = AbortSignal.any([signal, watch.stopping]);
  let run = asked;
  while (!isSettled(run) && Date.now() < until && !over.aborted) {
    await progress(`${showCalls(run).calls[0]!.status} (id ${run.run_id})`);
    const patience = Math.min(progressEveryMs, until - Date.now());
    const { version } = run;
    run =
      (await watch.waitFor(run.run_id, (each) => each.version > version || isSettled(each), patience, signal)) ?? run;
  }
  return answerOf(run);
}

function answerOf(run: Run): OfferedAnswer {
  const shown = showCalls(run).calls[0]!;
  // A model may not see what people filled in where the tool hides it.
  const call = { ...shown, tool_args: redactArguments(shown.tool_args, run.calls[0]!.tool_execution.redact) };
  const { status, note, edited, tool_args, resolved_by } = call;
  const fields = { id: run.run_id, status, note, resolved_by, ...(edited && { approved_arguments: tool_args }) };
  return { text: wordsOf(run, call), fields, isError: status !== 'succeeded' };
}

/** For a model. */
function wordsOf({ run_id, status: ofRun }: Run, { status, note, result, edited, tool_args }: RequestedCall): string {
  const why = note ? ` Reason: ${note}` : '';
  switch (status) {
    case 'succeeded':
      return edited ? `A person changed the arguments to ${JSON.stringify(tool_args)}.\n\n${result}` : (result ?? '');
    case 'failed':
      return `The call was made and failed: ${result}`;
    case 'rejected':
      return `The call was NOT made: it was rejected.${why} Do not propose it again unless you are asked to.`;
    case 'expired':
      return 'The call was NOT made: nobody decided in time.';
    case 'cancelled':
      return 'The call was NOT made: it was cancelled.';
    case 'outcome_unknown':
      return 'It is UNKNOWN whether the call was made. It is not made again; a person finds out.';
    case 'waiting':
    case 'approved':
      if (ofRun === 'CANCELLED')
        return `Cancelled. Whether the call had begun by then is not known yet: it is not undone. Call ${checkTool} with {"id": "${run_id}"}.`;
      return `Not made yet: the call ${status === 'waiting' ? 'waits for a decision' : 'is approved and being made'}. Do not call again; call ${checkTool} with {"id": "${run_id}"}.`;
  }
}

const refused = (code: string, message: string): OfferedAnswer => ({
  text: `Nothing was requested. ${message}`,
  fields: { code },
  isError: true,
});
