import type { ApprovalStats } from '@countersign/contracts/approvals';
import type { ExecutionStatus } from '@countersign/contracts/executions';
import { addressOf } from '../routes.js';
import { client } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { may } from '../server/session.js';
import { duration } from '../time.js';
import { Empty, Failure } from '../ui/notes.js';
import { Page } from '../ui/page.js';
import { DaysChart } from './days-chart.js';

/** How approvals went lately, and what waits. */
export function Overview() {
  const { data: stats, problem, reload } = useResource((signal) => client.approvals.stats(14, signal), [], 10_000);
  return (
    <Page title="Overview">
      <Failure problem={problem} retry={() => void reload()} />
      {stats && (
        <div class="tiles">
          <Waiting pending={stats.pending} />
          <TimeToDecision times={stats.seconds_to_decision} />
          {may('executions:read') && <Outcomes />}
          <section class="tile wide" aria-labelledby="days">
            <h2 id="days">Decisions of the last 14 days</h2>
            <DaysChart days={stats.days} />
          </section>
        </div>
      )}
    </Page>
  );
}

function Waiting({ pending }: { pending: ApprovalStats['pending'] }) {
  const total = pending.reduce((sum, { count }) => sum + count, 0);
  const groups = pending.toSorted((a, b) => a.older_than - b.older_than);
  return (
    <section class="tile" aria-labelledby="waiting">
      <h2 id="waiting">Waiting now</h2>
      <p class="number">
        <a href={addressOf('inbox')}>{total.toLocaleString()}</a>
      </p>
      <dl class="bars">
        {groups.map(({ older_than, count }, n) => (
          <Bar key={older_than} name={ageName(older_than, groups[n + 1]?.older_than)} count={count} of={total} />
        ))}
      </dl>
    </section>
  );
}

const ageName = (from: number, until: number | undefined): string => {
  if (until === undefined) return `over ${duration(from)}`;
  return from === 0 ? `under ${duration(until)}` : `${duration(from)} to ${duration(until)}`;
};

const Bar = ({ name, count, of }: { name: string; count: number; of: number }) => (
  <div>
    <dt>{name}</dt>
    <dd>
      {count > 0 && <span class="bar" style={{ width: `${(count / of) * 100}%` }} />}
      <span class="bar-count">{count.toLocaleString()}</span>
    </dd>
  </div>
);

function TimeToDecision({ times }: { times: ApprovalStats['seconds_to_decision'] }) {
  return (
    <section class="tile" aria-labelledby="times">
      <h2 id="times">Time to a decision</h2>
      {times === null ? (
        <Empty title="No decisions yet" />
      ) : (
        <>
          <p class="number">{duration(times.median)}</p>
          <p class="muted">
            is the median; nine of ten took at most {duration(times.p90)}. Of {times.decided.toLocaleString()} decided
            by people.
          </p>
        </>
      )}
    </section>
  );
}

const outcomes = [
  ['succeeded', 'done'],
  ['failed', 'failed'],
  ['outcome_unknown', 'unknown, to be settled'],
  ['awaiting_report', 'for a person to do'],
  ['queued', 'not begun'],
] as const;

function Outcomes() {
  const counts = outcomes.map(([status, name]) => ({ status, name, count: useCount(status) }));
  const total = counts.reduce((sum, { count }) => sum + (count ?? 0), 0);
  return (
    <section class="tile" aria-labelledby="outcomes">
      <h2 id="outcomes">Outcomes</h2>
      <p class="number">
        <a href={addressOf('executions')}>{total.toLocaleString()}</a>
      </p>
      <dl class="bars">
        {counts.map(({ status, name, count = 0 }) => (
          <Bar key={status} name={name} count={count} of={total} />
        ))}
      </dl>
    </section>
  );
}

function useCount(status: ExecutionStatus): number | undefined {
  const read = (signal?: AbortSignal) => client.executions.list({ status, limit: 1 }, signal);
  return useResource(read, [status], 10_000).data?.meta.total_count;
}
