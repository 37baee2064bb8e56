import type { RunStatus } from '@countersign/contracts/runs';
import { visibleLine } from '@countersign/contracts/text';
import { useState } from 'preact/hooks';
import { Ago } from '../clock.js';
import { navigate, query } from '../navigation.js';
import { addressOf } from '../routes.js';
import { client } from '../server/client.js';
import { may } from '../server/session.js';
import { Choice, Paged } from '../ui/paged.js';
import { Page } from '../ui/page.js';
import { RunStatusView, withTurns } from './turns.js';
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
            <RunStatusView status={status} turns={turns} />
          </span>,
          <Ago at={created_at} />,
        ]}
      />
    </Page>
  );
}

async function runsWithTurns(status: RunStatus | undefined, limit: number, signal?: AbortSignal) {
  const { data, meta } = await client.runs.list({ status, limit }, signal);
  return { meta, data: await withTurns(data, signal) };
}
