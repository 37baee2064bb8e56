import type { Principal } from '@countersign/auth';
import { traceContextOf, type TraceContext } from '@countersign/contracts/trace';
import type { Run } from '@countersign/contracts/runs';
import type { IncomingHttpHeaders } from 'node:http';

/** The trace that a request belongs to, where the header says so. */
export const traceOf = ({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext =>
  traceContextOf(traceparent, tracestate);

/** People start runs for themselves. An administrator, or a platform with such a key, says for whom, if for anybody. */
export const userFor = (who: Principal, requested: string | undefined): string | null =>
  who.roles.includes('admin') ? (requested ?? null) : who.subject;

/** Who may change a run, besides administrators. */
export const ownersOf = ({ user_id, requested_by }: Pick<Run, 'user_id' | 'requested_by'>) => [user_id, requested_by];

type RunRequest = Pick<Run, 'agent_id' | 'session_id' | 'user_id' | 'requested_by' | 'run_input'>;

/** Whether a run came of this request, which may arrive more than once, and not of another with the same id. */
export const isSameRequest = (run: RunRequest, requested: RunRequest): boolean =>
  (['agent_id', 'session_id', 'user_id', 'requested_by', 'run_input'] as const).every(
    (each) => run[each] === requested[each],
  );
