import type { Attempt, Execution } from '@countersign/contracts/executions';
import type { Approval } from '@countersign/contracts/approvals';
import { titleLine, type PresentableCall } from '@countersign/contracts/presentation';
import { visibleLine } from '@countersign/contracts/text';
import { useEffect } from 'preact/hooks';
import { Arguments } from '../calls/arguments.js';
import { Ago, At } from '../clock.js';
import { addressOf } from '../routes.js';
import { approvedBy } from '../runs/call-state.js';
import { attemptsIn, useRunEvents } from '../runs/run-events.js';
import { client } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { may } from '../server/session.js';
import { Failure, Status } from '../ui/notes.js';
import { Page } from '../ui/page.js';
import { Visible } from '../ui/visible.js';
import { ExecutionActions } from './execution-actions.js';
import { heldWords } from './held.js';
import { PrintedView } from './output.js';
import { isUnderWay } from './under-way.js';
import { usePrinted } from './use-printed.js';

/** The call, shown as its approval is. @param approval undefined for whoever may not see it, or until it is read */
const callIn = ({ tool_name, tool_args }: Execution, approval: Approval | undefined): PresentableCall => ({
  tool_name,
  tool_args,
  presentation: approval?.presentation ?? null,
});

/** One approved call: what is made of it, and what a person can do about it. */
export function ExecutionPage({ id }: { id: string }) {
  const { data: execution, problem, reload } = useResource((signal) => client.executions.get(id, signal), [id], 1_500);
  const approval = useResource(may('approvals:read') ? (signal) => client.approvals.get(id, signal) : null, [id]).data;
  return (
    <Page
      title={execution ? titleLine(callIn(execution, approval)) : 'Execution'}
      aside={execution && <Status of={execution.status} />}
    >
      <p class="back">
        <a href={addressOf('executions')}>← All executions</a>
      </p>
      <Failure problem={problem} retry={() => void reload()} />
      {execution && <Shown execution={execution} reload={reload} approval={approval} />}
    </Page>
  );
}

interface ShownProps {
  execution: Execution;
  approval: Approval | undefined;
  reload(): Promise<void>;
}

function Shown({ execution, approval, reload }: ShownProps) {
  const call = callIn(execution, approval);
  const by = approvedBy(execution, approval);
  const { status, approval_id, run_id, updated_at, held_by, error, result, terms, withdrawn } = execution;
  const { events, calls } = useRunEvents(isUnderWay(execution) && may('runs:read') ? run_id : null);
  useEffect(() => void reload(), [events.length, attemptsIn(calls)]);
  const printed = usePrinted(execution, calls);
  const isResult = result !== null && result.trim() === printed.text.trim();
  return (
    <>
      <p class="muted">
        {by === null ? 'Not approved' : `Approved by ${visibleLine(by)}`} (
        <a href={addressOf('inbox', approval_id)}>the approval</a>) in <a href={addressOf('runs', run_id)}>this run</a>;
        since <Ago at={updated_at} />.
      </p>
      {held_by && (
        <p>
          Held by {heldWords[held_by.code]}: {visibleLine(held_by.detail)}
          {held_by.until !== null && (
            <>
              , until <At at={held_by.until} />
            </>
          )}
          .
        </p>
      )}
      {withdrawn && <p>Its run was over before it was: {visibleLine(withdrawn)}</p>}
      <ExecutionActions execution={execution} reload={reload} />
      {error && <TextBlock title={status === 'failed' ? 'Why it failed' : 'What is known'} text={error} />}
      {result && !isResult && <TextBlock title="The result" text={result} />}
      <section aria-labelledby="call">
        <h2 id="call">The call</h2>
        <Arguments call={call} digest={execution.digest} />
      </section>
      <section aria-labelledby="attempts">
        <h2 id="attempts">Attempts</h2>
        <p class="muted">
          {terms.semantics === 'idempotent' ? 'Idempotent: retried with the same key.' : 'Started at most once.'} Up to{' '}
          {terms.max_attempts} attempt{terms.max_attempts === 1 ? '' : 's'}
          {terms.can_reconcile ? '; the target can be queried for the outcome' : ''}.
        </p>
        <ol class="attempts">
          {execution.attempts.map((attempt) => (
            <OneAttempt key={attempt.attempt} attempt={attempt} />
          ))}
        </ol>
        <PrintedView {...{ execution, calls, printed, isResult }} />
      </section>
    </>
  );
}

const OneAttempt = ({ attempt: { started_at, ended_at, outcome, reason, late_report } }: { attempt: Attempt }) => (
  <li>
    <Status of={outcome ?? 'running'} /> <At at={started_at} />
    {ended_at !== null && (
      <>
        {' '}
        to <At at={ended_at} />
      </>
    )}
    {reason && (
      <p class="quoted">
        <Visible text={reason} />
      </p>
    )}
    {late_report && (
      <p class="quoted">
        Said later, and counts for nothing but a person to read: <Visible text={late_report} />
      </p>
    )}
  </li>
);

const TextBlock = ({ title, text }: { title: string; text: string }) => (
  <section>
    <h2>{title}</h2>
    <pre tabIndex={0}>
      <Visible text={text} />
    </pre>
  </section>
);
