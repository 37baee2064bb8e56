import { actOf, type Principal } from '@countersign/auth';
import type { TraceContext } from '@countersign/contracts/trace';
import type { RequestCalls, Run } from '@countersign/contracts/runs';
import type { EpochSeconds } from '@countersign/contracts/time';
import type { AgentVersions } from '../agents/agent-versions.js';
import type { Agents } from '../agents/agents.js';
import type { RunDispatcher } from '../dispatch/run-dispatcher.js';
import { userFor } from '../http/requester.js';
import type { Sessions } from '../sessions/sessions.js';
import { checkedRequest, isSameCalls, type CallRequestProblem } from './call-requests.js';

export interface ExternalCallsOptions {
  agents: Pick<Agents, 'callersOf' | 'deadlineFor' | 'get' | 'has' | 'ids' | 'missing'>;
  versions: Pick<AgentVersions, 'keep'>;
  sessions: Pick<Sessions, 'admits'>;
  runner: Pick<RunDispatcher, 'handle'>;
}

export interface CallsWanted {
  run_id: string;
  agent_id: string;
  request: RequestCalls;
  who: Principal;
  trace: TraceContext;
  /** Whether the id of the run was chosen by whoever asks. */
  isNamed?: boolean;
  /** Whether it is from an `Idempotency-Key`. */
  isKeyed?: boolean;
  /** When it was sent, where that is not now. */
  requested_at?: EpochSeconds;
  /** The id of the command, where it is one. */
  causationid?: string;
}

type Refused = Omit<CallRequestProblem, 'code'> & {
  code: CallRequestProblem['code'] | 'session_not_found' | 'idempotency_key_reused';
};

/** Takes requests for calls of agents that run elsewhere, wherever they come from. The same rules hold for all. */
export class ExternalCalls {
  constructor(private readonly options: ExternalCallsOptions) {}

  /** @returns the run of the calls, which is stored, or why there is none. */
  async request({
    run_id,
    agent_id,
    request,
    who,
    trace: { traceparent, tracestate },
    isNamed = false,
    isKeyed = false,
    requested_at,
    causationid,
  }: CallsWanted): Promise<{ ok: Run } | Refused> {
    const { agents, versions, sessions, runner } = this.options;
    const checked = checkedRequest(agents, agent_id, who, request);
    if ('code' in checked) return checked;
    const { agent, calls, digest } = checked;
    const { reason = null, context = null, framework = null } = request;
    const session_id = request.session_id ?? run_id;
    const run = {
      run_id,
      agent_id,
      session_id,
      user_id: userFor(who, request.user_id),
      requested_by: who.subject,
      run_input: reason ?? '',
    };
    if ((isNamed || session_id !== run_id) && !(await sessions.admits(run)))
      return { code: 'session_not_found', message: `There is no session "${session_id}".` };
    await versions.keep(agent);
    const handled = await runner.handle(
      run_id,
      {
        type: 'calls_requested',
        run: {
          ...run,
          is_named: isNamed || isKeyed,
          ...(requested_at !== undefined && { requested_at }),
          deadline_at: agents.deadlineFor(agent_id, request.deadline_in),
          streamed: false,
          traceparent,
          tracestate,
        },
        asked: { digest, framework, reason, context },
        agent,
        calls,
      },
      actOf(who, causationid === undefined ? undefined : { id: causationid }),
    );
    const state = handled.state!;
    if (handled.kind !== 'ignored' || isSameCalls(state, run, digest)) return { ok: state };
    const message = 'This Idempotency-Key was used for another request. Use a new key for a new request.';
    return { code: 'idempotency_key_reused', message };
  }

  /** Ends a run of calls: what has not begun is taken back. @returns the run as it is then */
  async cancel({ run_id }: Run, who: Principal): Promise<Run> {
    const message = { type: 'cancel_requested', reason: 'cancelled by the client that asked' } as const;
    return (await this.options.runner.handle(run_id, message, actOf(who))).state!;
  }
}
