import type { RunStatus } from '@countersign/contracts/runs';
import { visibleLine } from '@countersign/contracts/text';
import { useState } from 'preact/hooks';
import { Ago } from '../clock.js';
import { navigate, query } from '../navigation.js';
import { addressOf } from '../routes.js';
import { client, me } from '../server/client.js';
import { may, viewerOf } from '../server/session.js';
import { Choice, Paged } from '../ui/paged.js';
import { Page } from '../ui/page.js';
import { Status } from '../ui/notes.js';
import { openCalls, turnsOf } from './run-turn.js';
import { StartRun } from './start-run.js';

const statuses: RunStatus[] = ['PENDING', 'RUNNING', 'PAUSED', 'COMPLETED', 'CANCELLED', 'ERROR'];

/** All runs, newest first, and a form that starts one. */
export function Runs() {
  const [isStarting, setStarting] = useState(query.value.has('start'));
  const status = (query.value.get('status') || undefined) as RunStatus | undefined;
  const start = may('runs:write') && !isStarting && (
    <button type="button" class="primary" onClick={() => setStarting(true)}>
      Start a run
    </button>
  );
  return (
    <Page title="Runs" aside={start}>
      {isStarting && may('runs:write') && <StartRun close={() => setStarting(false)} />}
      <Choice
        name="Status"
        value={status ?? ''}
        options={statuses}
        change={(value) => navigate(addressOf('runs') + (value && `?status=${value}`), { replace: true })}
      />
      <Paged
        list={(limit, signal) => runsWithTurns(status, limit, signal)}
        filter={status}
        everyMs={3_000}
        empty={{ title: status ? 'No run is like this' : 'No runs yet', text: 'A run is one task of an agent.' }}
        head={['Run', 'Agent', 'For', 'Status', 'Began']}
        keyOf={({ run }) => run.run_id}
        row={({ run: { run_id, run_input, agent_id, user_id, status, created_at, error }, turns }) => [
          <a class="strong" href={addressOf('runs', run_id)}>
            {visibleLine(run_input).slice(0, 160)}
          </a>,
          agent_id,
          user_id === null ? '' : visibleLine(user_id),
          <span title={error ?? undefined}>
            {turns.length === 0 && <Status of={status} />}
            {turns.map(({ tone, text }) => (
              <span key={text} class={`status ${tone}`}>
                {text}
              </span>
            ))}
          </span>,
          <Ago at={created_at} />,
        ]}
      />
    </Page>
  );
}

/** Paused runs of a page whose calls are read, and how many calls of them; others are shown as paused. */
const [mostRuns, mostCalls] = [100, 1_000];

async function runsWithTurns(status: RunStatus | undefined, limit: number, signal?: AbortSignal) {
  const { data, meta } = await client.runs.list({ status, limit }, signal);
  // A list of ids cannot have one with a comma.
  const paused = data.filter((run) => run.status === 'PAUSED' && !run.run_id.includes(','));
  const ofThem = { run_ids: paused.slice(0, mostRuns).map(({ run_id }) => run_id), limit: mostCalls };
  const isPaused = paused.length > 0;
  const [pending, approved, executions] = await Promise.all([
    isPaused && may('approvals:read') ? client.approvals.list({ status: 'pending', ...ofThem }, signal) : undefined,
    isPaused && may('approvals:read') ? client.approvals.list({ status: 'approved', ...ofThem }, signal) : undefined,
    isPaused && may('executions:read') ? client.executions.list(ofThem, signal) : undefined,
  ]);
  const open = openCalls([...(pending?.data ?? []), ...(approved?.data ?? [])], executions?.data ?? []);
  const viewer = viewerOf(me.value!);
  return { meta, data: data.map((run) => ({ run, turns: turnsOf(run, open.get(run.run_id) ?? [], viewer) })) };
}
