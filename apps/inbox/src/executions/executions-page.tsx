import type { Execution, ExecutionStatus } from '@countersign/contracts/executions';
import { titleLine } from '@countersign/contracts/presentation';
import { visibleLine } from '@countersign/contracts/text';
import { Ago } from '../clock.js';
import { navigate, query } from '../navigation.js';
import { addressOf } from '../routes.js';
import { approvedBy } from '../runs/call-state.js';
import { client } from '../server/client.js';
import { useResource } from '../server/resource.js';
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
        list={(limit, signal) => client.executions.list({ status, limit }, signal)}
        filter={status}
        everyMs={3_000}
        empty={{
          title: status ? 'No execution is like this' : 'Nothing was executed yet',
          text: 'An approved call that is made outside of the agent appears here.',
        }}
        head={['Call', 'Approved by', 'Status', 'Since']}
        keyOf={(execution) => execution.id}
        row={(execution) => [
          <Call execution={execution} />,
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

const Call = ({ execution: { id, tool_name, tool_args } }: { execution: Execution }) => (
  <>
    <a class="strong" href={addressOf('executions', id)}>
      {titleLine({ tool_name, tool_args, presentation: null })}
    </a>
  </>
);

function NeedsPerson({ status, title, text }: { status: ExecutionStatus; title: string; text: string }) {
  const { data: page, problem } = useResource(
    (signal) => client.executions.list({ status, limit: 20 }, signal),
    [status],
    3_000,
  );
  if (!page || page.data.length === 0) return <Failure problem={problem} />;
  return (
    <section class="card attention" aria-label={title}>
      <h2>
        {title} <span class="count">{page.meta.total_count}</span>
      </h2>
      <p>{text}</p>
      <ul>
        {page.data.map((execution) => (
          <li key={execution.id}>
            <Call execution={execution} /> <Ago at={execution.updated_at} />
          </li>
        ))}
      </ul>
    </section>
  );
}
