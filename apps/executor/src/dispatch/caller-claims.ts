import type { Provenance } from '@countersign/contracts/provenance';
import type { ClaimExecutionRequest, Execution, ReportOutcomeRequest } from '@countersign/contracts/executions';
import type { ProblemCode } from '@countersign/contracts/problems';
import { secondsOf, type Clock, type Seconds } from '@countersign/contracts/time';
import type { ExecutionMessage } from '../execution/messages.js';
import type { Executions } from '../execution/executions.js';
import { holds, is, isOver } from '../execution/state.js';
import type { Tools } from '../tools/tool.js';
import type { ExecutionDispatcher } from './execution-dispatcher.js';

export interface CallerClaimsOptions {
  executions: Pick<Executions, 'handle' | 'store'>;
  dispatcher: Pick<ExecutionDispatcher, 'examine'>;
  tools: Pick<Tools, 'get'>;
  now: Clock;
}

/** Why a caller may not go on with a call. */
interface ClaimProblem {
  code: Extract<
    ProblemCode,
    'call_changed' | 'call_held' | 'claim_lost' | 'execution_not_found' | 'outcome_unknown' | 'wrong_execution_state'
  >;
  message: string;
  /** When to try again, where that may help. */
  retry_after?: Seconds;
}
export type ClaimOutcome = { ok: Execution } | ClaimProblem;

type Act = Partial<Provenance>;

/**
 * Hands approved calls to the external agents that asked for them, under the same conditions under which a worker
 * begins one: the decision holds, the tool is the one that was requested, and nothing is in the way. A claim is a lease;
 * a caller that says nothing for that long leaves an unknown outcome.
 */
export class CallerClaims {
  readonly #options: CallerClaimsOptions;

  constructor(options: CallerClaimsOptions) {
    this.#options = options;
  }

  /** With the same name the same claim is found, so that a lost answer costs nothing. @param by who asked for the call */
  async claim(id: string, { claim }: ClaimExecutionRequest, by: string, act: Act = {}): Promise<ClaimOutcome> {
    const execution = await this.#find(id, by);
    if ('code' in execution) return execution;
    const worker = nameOf(claim);
    if (holds(execution, worker)) return { ok: execution };
    if (execution.status !== 'queued') return this.#refused(execution);
    const found = await this.#options.dispatcher.examine(execution);
    if ('held' in found) {
      const retry_after = Math.max(1, Math.ceil(secondsOf(found.held.until - this.#options.now())));
      return { code: 'call_held', message: `Execution ${id} is held by ${found.held.held_by?.detail}.`, retry_after };
    }
    if ('lost' in found) return this.#refused(found.lost);
    const lease_ms = this.#options.tools.get(execution.tool_name)?.callerLeaseMs;
    const refusal = found.refusal ?? (lease_ms === undefined ? 'its caller does not make it any more' : null);
    const message = { type: 'claimed_by_caller', worker, by, lease_ms: lease_ms ?? 0, refusal } as const;
    const handled = await this.#handle(id, message, act);
    return holds(handled, worker) ? { ok: handled } : this.#refused(handled);
  }

  /** Says that it still works on it. */
  async extend(id: string, { claim }: ClaimExecutionRequest, by: string): Promise<ClaimOutcome> {
    const execution = await this.#find(id, by);
    if ('code' in execution) return execution;
    const worker = nameOf(claim);
    const lease_ms = this.#options.tools.get(execution.tool_name)?.callerLeaseMs;
    if (!holds(execution, worker) || lease_ms === undefined) return lost(execution);
    const handled = await this.#handle(id, { type: 'lease_extended', worker, lease_ms, progress: null });
    return holds(handled, worker) ? { ok: handled } : lost(handled);
  }

  /** What came of it. The same report counts once, and what comes once the lease was found to be over is noted and does not count. */
  async report(id: string, request: ReportOutcomeRequest, by: string, act: Act = {}): Promise<ClaimOutcome> {
    const { claim, digest, outcome, result } = request;
    const execution = await this.#find(id, by);
    if ('code' in execution) return execution;
    if (digest !== execution.digest)
      return { code: 'call_changed', message: `The call of execution ${id} is not the one with this digest.` };
    const worker = nameOf(claim);
    if (isReported(execution, worker, request)) return { ok: execution };
    const message: ExecutionMessage =
      outcome === 'succeeded'
        ? { type: 'succeeded', worker, result }
        : { type: 'failed', worker, error: result, retryable: false, retry_after_ms: 0, covers: 'attempt' };
    const handled = await this.#handle(id, message, act);
    return isReported(handled, worker, request) ? { ok: handled } : lost(handled);
  }

  /** One that another asked for is not found, and nor is one before its decision. */
  async #find(id: string, by: string): Promise<Execution | ClaimProblem> {
    const execution = await this.#options.executions.store.get(id);
    if (!execution || execution.requested_by !== by) return unknown(id);
    if (execution.terms.made_by === 'caller') return execution;
    return {
      code: 'wrong_execution_state',
      message: `Execution ${id} is made by ${execution.terms.made_by}, not by you.`,
    };
  }

  async #handle(id: string, message: ExecutionMessage, act: Act = {}): Promise<Execution> {
    return (await this.#options.executions.handle(id, message, { act })).state!;
  }

  #refused(execution: Execution): ClaimProblem {
    const { id, status, error } = execution;
    if (status === 'running' || status === 'queued') return lost(execution);
    const code = status === 'outcome_unknown' ? 'outcome_unknown' : 'wrong_execution_state';
    return { code, message: `Execution ${id} cannot begin: ${is(execution)}${error === null ? '' : `, ${error}`}.` };
  }
}

/** So that no claim can have the name of a worker of the executor. */
const nameOf = (claim: string): string => `caller/${claim}`;

function isReported(execution: Execution, worker: string, { outcome, result }: ReportOutcomeRequest): boolean {
  const { status, attempts, error } = execution;
  const isOfClaim = isOver(execution) && attempts.at(-1)?.worker === worker && status === outcome;
  return isOfClaim && (outcome === 'succeeded' ? execution.result : error) === result;
}

/** Its decision may be on its way. */
export const unknown = (id: string): ClaimProblem => ({
  code: 'execution_not_found',
  message: `There is no approved call "${id}" of yours.`,
  retry_after: decisionTakes,
});
const decisionTakes: Seconds = 1;

const lost = (execution: Execution): ClaimProblem => ({
  code: 'claim_lost',
  message: `This claim does not have execution ${execution.id} (any more): ${is(execution)}.`,
});
