import type { Approval } from '@countersign/contracts/approvals';
import type { Execution, ExecutionStatus } from '@countersign/contracts/executions';
import { visibleLine } from '@countersign/contracts/text';
import { CallTitle } from '../calls/call-title.js';
import { Ago } from '../clock.js';
import { navigate, query } from '../navigation.js';
import { addressOf } from '../routes.js';
import { approvedBy } from '../runs/call-state.js';
import { client } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { may } from '../server/session.js';
import { Failure, Status } from '../ui/notes.js';
import { Choice, Paged } from '../ui/paged.js';
import { Page } from '../ui/page.js';
import { ExecutionPage } from './execution-page.js';
import { heldWords } from './held.js';
import { Switches } from './switches.js';

const statuses: ExecutionStatus[] = [
  'queued',
  'running',
  'awaiting_report',
  'reconciling',
  'succeeded',
  'failed',
  'outcome_unknown',
  'cancelled',
];

/** The approved calls and their outcomes; what needs a person comes first. */
export function Executions({ id }: { id: string | null }) {
  if (id !== null) return <ExecutionPage key={id} id={id} />;
  const status = (query.value.get('status') || undefined) as ExecutionStatus | undefined;
  return (
    <Page title="Executions">
      <NeedsPerson
        status="outcome_unknown"
        title="Outcome unknown"
        text="They may or may not have been done. Check the target and reconcile them; they are not retried automatically."
      />
      <NeedsPerson
        status="awaiting_report"
        title="For a person to do"
        text="These were approved and are made by hand. Do them, then report what came of it."
      />
      <Switches />
      <Choice
        name="Status"
        value={status ?? ''}
        options={statuses}
        change={(value) => navigate(addressOf('executions') + (value && `?status=${value}`), { replace: true })}
      />
      <Paged
        list={(limit, signal) => presented({ status, limit }, signal)}
        filter={status}
        everyMs={3_000}
        empty={{
          title: status ? 'No execution is like this' : 'Nothing was executed yet',
          text: 'An approved call that is made outside of the agent appears here.',
        }}
        head={['Call', 'Approved by', 'Status', 'Since']}
        keyOf={({ execution }) => execution.id}
        row={({ execution, presentation }) => [
          <Call execution={execution} presentation={presentation} />,
          visibleLine(approvedBy(execution, undefined) ?? 'nobody'),
          <>
            <Status of={execution.status} />
            {execution.held_by && <span class="muted"> held by {heldWords[execution.held_by.code]}</span>}
          </>,
          <Ago at={execution.updated_at} />,
        ]}
      />
    </Page>
  );
}

interface Presented {
  execution: Execution;
  /** As its approval has it; null for whoever may not see that. */
  presentation: Approval['presentation'];
}

/** Runs whose approvals are read for a page, and how many of them; calls of others are shown by tool and values. */
const [mostRuns, mostApprovals] = [100, 1_000];

/** Calls with what their approvals say of how they are shown. */
async function presented(asked: Parameters<typeof client.executions.list>[0], signal?: AbortSignal) {
  const { data, meta } = await client.executions.list(asked, signal);
  // A list of ids cannot have one with a comma.
  const runs = [...new Set(data.map(({ run_id }) => run_id))].filter((id) => !id.includes(',')).slice(0, mostRuns);
  const isAsked = runs.length > 0 && may('approvals:read');
  const approvals = isAsked ? await client.approvals.list({ run_ids: runs, limit: mostApprovals }, signal) : undefined;
  const found = new Map(approvals?.data.map(({ id, presentation }) => [id, presentation]));
  return { meta, data: data.map((execution) => ({ execution, presentation: found.get(execution.id) ?? null })) };
}

const Call = ({ execution: { id, tool_name, tool_args }, presentation }: Presented) => (
  <a class="strong" href={addressOf('executions', id)}>
    <CallTitle call={{ tool_name, tool_args, presentation }} />
  </a>
);

function NeedsPerson({ status, title, text }: { status: ExecutionStatus; title: string; text: string }) {
  const { data: page, problem } = useResource((signal) => presented({ status, limit: 20 }, signal), [status], 3_000);
  if (!page || page.data.length === 0) return <Failure problem={problem} />;
  return (
    <section class="card attention" aria-label={title}>
      <h2>
        {title} <span class="count">{page.meta.total_count}</span>
      </h2>
      <p>{text}</p>
      <ul>
        {page.data.map((each) => (
          <li key={each.execution.id}>
            <Call {...each} /> <Ago at={each.execution.updated_at} />
          </li>
        ))}
      </ul>
    </section>
  );
}
