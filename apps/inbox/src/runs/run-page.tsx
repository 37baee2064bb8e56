import { mayRetry, type RunOutput } from '@countersign/contracts/runs';
import { visibleLine } from '@countersign/contracts/text';
import { Ago } from '../clock.js';
import { ActionForm } from '../forms/action-form.js';
import { addressOf } from '../routes.js';
import { client } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { may, mayChange } from '../server/session.js';
import { Failure } from '../ui/notes.js';
import { Page } from '../ui/page.js';
import { Visible } from '../ui/visible.js';
import { RunEvidence } from './run-evidence.js';
import { RunTimeline } from './run-timeline.js';
import { RunStatusView, withTurns } from './turns.js';
import { WaitsForCaller } from './waits-for-caller.js';

const over = ['COMPLETED', 'CANCELLED', 'ERROR'];

/** One run: input, status and timeline. */
export function RunPage({ id }: { id: string }) {
  const { data, problem, reload } = useResource(
    async (signal) => (await withTurns([await client.runs.get(id, signal)], signal))[0]!,
    [id],
    2_000,
  );
  const run = data?.run;
  return (
    <Page title="Run" aside={data && <RunStatusView status={data.run.status} turns={data.turns} />}>
      <Failure problem={problem} retry={() => void reload()} />
      {run && (
        <>
          <p class="lead">
            <Visible text={run.run_input} />
          </p>
          <p class="muted">
            {run.agent_id}
            {run.user_id !== null && ` for ${visibleLine(run.user_id)}`}
            {run.requested_by !== null &&
              run.requested_by !== run.user_id &&
              ` on the request of ${visibleLine(run.requested_by)}`}
            , <Ago at={run.created_at} />.{' '}
            {run.steps > 0 &&
              `${run.steps} model ${run.steps === 1 ? 'call' : 'calls'}, ${run.usage.input_tokens + run.usage.output_tokens} tokens. `}
            {may('approvals:read') && <a href={`${addressOf('inbox')}?status=all&text=${run.run_id}`}>Its approvals</a>}{' '}
            {may('events:read') && <a href={`${addressOf('events')}?run_id=${run.run_id}`}>Its events</a>}
          </p>
          {run.waiting_since !== null && run.error !== null && (
            <section class="card" aria-labelledby="waits">
              <h2 id="waits">
                It waits, <Ago at={run.waiting_since} />
              </h2>
              <p>
                <Visible text={run.error} /> <span class="muted">{run.error_code}</span>
              </p>
            </section>
          )}
          {run.status === 'ERROR' && run.error !== null && (
            <section class="card" aria-labelledby="error">
              <h2 id="error">It ended with an error</h2>
              <p>
                <Visible text={run.error} /> <span class="muted">{run.error_code}</span>
              </p>
            </section>
          )}
          <WaitsForCaller run={run} reload={reload} />
          {run.content && run.status === 'COMPLETED' && (
            <section class="card" aria-labelledby="answer">
              <h2 id="answer">The answer</h2>
              <p class="quoted">
                <Visible text={run.content} />
              </p>
            </section>
          )}
          <section aria-labelledby="timeline">
            <h2 id="timeline">Timeline</h2>
            <RunTimeline runId={id} />
          </section>
          {may('audit:read') && <RunEvidence runId={id} />}
          {mayChange(run) && mayTryAgain(run) && <Retry run={run} reload={reload} />}
          {mayChange(run) && !over.includes(run.status) && <Cancel run={run} reload={reload} />}
        </>
      )}
    </Page>
  );
}

const mayTryAgain = ({ status, error_code, waiting_since }: RunOutput): boolean =>
  waiting_since !== null || (status === 'ERROR' && mayRetry(error_code));

const Retry = ({ run, reload }: { run: RunOutput; reload(): Promise<void> }) => (
  <details class="card">
    <summary>Try this run again</summary>
    <p class="muted">It goes on from its last step. No call is made again.</p>
    <ActionForm send={() => client.runs.retry(run.run_id)} action="Try again" done={reload} />
  </details>
);

const Cancel = ({ run, reload }: { run: RunOutput; reload(): Promise<void> }) => (
  <details class="card">
    <summary>Cancel this run</summary>
    <ActionForm
      send={(reason) => client.runs.cancel(run, reason || undefined)}
      field={{ label: 'Reason', required: false }}
      action="Cancel the run"
      tone="bad"
      done={reload}
    />
  </details>
);
