import type { RunOutput, RunStatus } from '@countersign/contracts/runs';
import { client, me } from '../server/client.js';
import { may, viewerOf } from '../server/session.js';
import { Status } from '../ui/notes.js';
import type { CallState } from './call-state.js';
import { openCalls, turnsOf } from './run-turn.js';

/** Paused runs whose calls are read, and how many calls of them; others are shown as paused. */
const [mostRuns, mostCalls] = [100, 1_000];

/** Runs, and what those that are paused wait for. */
export async function withTurns<R extends Pick<RunOutput, 'run_id' | 'status'>>(
  runs: readonly R[],
  signal?: AbortSignal,
): Promise<{ run: R; turns: CallState[] }[]> {
  // A list of ids cannot have one with a comma.
  const paused = runs.filter((run) => run.status === 'PAUSED' && !run.run_id.includes(','));
  const ofThem = { run_ids: paused.slice(0, mostRuns).map(({ run_id }) => run_id), limit: mostCalls };
  const isPaused = paused.length > 0;
  const [pending, approved, executions] = await Promise.all([
    isPaused && may('approvals:read') ? client.approvals.list({ status: 'pending', ...ofThem }, signal) : undefined,
    isPaused && may('approvals:read') ? client.approvals.list({ status: 'approved', ...ofThem }, signal) : undefined,
    isPaused && may('executions:read') ? client.executions.list(ofThem, signal) : undefined,
  ]);
  const open = openCalls([...(pending?.data ?? []), ...(approved?.data ?? [])], executions?.data ?? []);
  const viewer = viewerOf(me.value!);
  return runs.map((run) => ({ run, turns: turnsOf(run, open.get(run.run_id) ?? [], viewer) }));
}

/** Whose turn it is in a run, or else how it is. */
export const RunStatusView = ({ status, turns }: { status: RunStatus; turns: readonly CallState[] }) =>
  turns.length === 0 ? (
    <Status of={status} />
  ) : (
    <>
      {turns.map(({ tone, text }) => (
        <span key={text} class={`status ${tone}`}>
          {text}
        </span>
      ))}
    </>
  );
