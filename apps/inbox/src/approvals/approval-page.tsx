import { possiblyExecutedText, type Approval } from '@countersign/contracts/approvals';
import { titleLine } from '@countersign/contracts/presentation';
import { markedLine } from '@countersign/contracts/text';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Execution } from '@countersign/contracts/executions';
import { isUnderWay } from '../executions/under-way.js';
import { Ago, Left, now } from '../clock.js';
import { addressOf } from '../routes.js';
import { RunTimeline } from '../runs/run-timeline.js';
import { callState } from '../runs/call-state.js';
import { client, me } from '../server/client.js';
import { may, viewerOf } from '../server/session.js';
import { onApproval } from '../server/connection.js';
import { useResource } from '../server/resource.js';
import { urgency } from '../time.js';
import { Failure, Note } from '../ui/notes.js';
import { announce, useHeading } from '../ui/page.js';
import { Arguments, Changes } from '../calls/arguments.js';
import { callOf } from '../calls/call-of.js';
import { CallMarks, CallTitle } from '../calls/call-title.js';
import { changesBetween } from '../calls/changes.js';
import { Comments } from './comments.js';
import { whoDecided } from './decision/decision.js';
import { DecisionPanel } from './decision/decision-panel.js';
import { Decided } from './decided.js';
import { HandOver } from './hand-over.js';
import { BreakGlass, BrokenGlass } from './break-glass.js';
import { CallPreview } from './preview.js';
import { Questions } from './questions.js';
import { intent } from './decision/intent.js';
import { Terms } from './terms.js';
import { Why } from './why.js';

interface ApprovalPageProps {
  id: string;
  close(): void;
  next: string | undefined;
  open(id: string): void;
}

/** One approval: the request, and the decision. */
export function ApprovalPage({ id, close, next, open }: ApprovalPageProps) {
  const { data: approval, problem, reload } = useResource((signal) => client.approvals.get(id, signal), [id]);
  // What the stream tells is redacted; whoever opens one sees all of it.
  useEffect(() => onApproval((change) => void (change.id === id && reload())), [id, reload]);
  useEffect(() => () => void (intent.value = null), []);
  return (
    <article class="approval">
      <p class="back">
        <button type="button" class="quiet" onClick={close}>
          ← All approvals
        </button>
      </p>
      {problem && !approval && <h1>Approval</h1>}
      <Failure problem={problem} retry={() => void reload()} />
      {approval && <Shown {...{ approval, reload, next, open }} />}
    </article>
  );
}

type ShownProps = { approval: Approval; reload(): Promise<void> } & Pick<ApprovalPageProps, 'next' | 'open'>;

function Shown({ approval, reload, next, open }: ShownProps) {
  const { status, tool_args, approved_args, digest, possibly_executed } = approval;
  const call = callOf(approval);
  const state = callState(approval, useExecution(approval), viewerOf(me.value!));
  const heading = useHeading(titleLine(call));
  const isPending = status === 'pending';
  const [tooLate, setTooLate] = useState<string>();
  const before = useRef(status);
  useLayoutEffect(() => {
    if (before.current === 'pending' && !isPending) {
      announce(whoDecided(approval));
      // The form that had the focus is gone.
      heading.current?.focus();
    }
    before.current = status;
  }, [status]);
  const why = (
    <>
      <section aria-labelledby="why">
        <h2 id="why">Why</h2>
        <Why context={approval.context} />
      </section>
      <Questions approval={approval} reload={reload} />
    </>
  );
  return (
    <>
      <div class="approval-main">
        <header>
          <h1 ref={heading} tabIndex={-1}>
            <CallTitle call={call} />
          </h1>
          <CallMarks call={call} />
          <span class={`status ${state.tone}`}>{state.text}</span>
          <RequestedCall approval={approval} />
        </header>
        {isPending && possibly_executed && <Note tone="warn">{possiblyExecutedText(possibly_executed)}</Note>}
        {tooLate && <Note tone="bad">{tooLate}</Note>}
        {isPending ? (
          <DecisionPanel approval={approval} reload={reload} late={setTooLate}>
            {why}
            <HandOver approval={approval} reload={reload} />
            <BreakGlass approval={approval} reload={reload} />
          </DecisionPanel>
        ) : (
          <>
            <Decided {...{ approval, next, open }} />
            <BrokenGlass approval={approval} reload={reload} />
            <section aria-labelledby="call">
              <h2 id="call">What was {status === 'approved' ? 'approved' : 'requested'}</h2>
              <Arguments call={call} digest={digest} />
              {approved_args && (
                <Changes title="Changed by the approver" changes={changesBetween(tool_args, approved_args)} />
              )}
            </section>
            <CallPreview approval={approval} reload={reload} />
            {why}
          </>
        )}
      </div>
      <div class="approval-side">
        <Terms approval={approval} />
        <Comments approval={approval} reload={reload} />
      </div>
      <section class="approval-run" aria-labelledby="timeline">
        <h2 id="timeline">The whole run</h2>
        <RunTimeline runId={approval.run_id} approvalId={approval.id} />
      </section>
    </>
  );
}

const whileUnderWayMs = 2_000;

/** What is made of the call once it is approved, while it is. */
function useExecution({ id, run_id, status, resolution_data }: Approval): Execution | undefined {
  const isMade = status === 'approved' && resolution_data?.result === undefined && may('executions:read');
  const isOver = useRef(false);
  const { data } = useResource(
    isMade ? (signal) => client.executions.list({ run_id, limit: 200 }, signal) : null,
    [id, isMade],
    isMade && !isOver.current ? whileUnderWayMs : undefined,
  );
  const execution = data?.data.find((each) => each.id === id);
  isOver.current = execution !== undefined && !isUnderWay(execution);
  return execution;
}

function RequestedCall({
  approval: { tool_name, source_name, agent_id, user_id, requested_by, run_id, created_at, expires_at, status },
}: {
  approval: Approval;
}) {
  return (
    <p class="request-line">
      <strong title={agent_id}>{markedLine(source_name)}</strong> requested <code>{markedLine(tool_name)}</code>
      {user_id !== null && (
        <>
          {' '}
          for <strong>{markedLine(user_id)}</strong>
        </>
      )}
      {requested_by !== null && requested_by !== user_id && (
        <>
          {' '}
          on the request of <strong>{markedLine(requested_by)}</strong>
        </>
      )}
      , <Ago at={created_at} />, in <a href={addressOf('runs', run_id)}>this run</a>.
      {status === 'pending' && expires_at !== null && (
        <span class={`left ${urgency(expires_at, now.value)}`}>
          {' '}
          <Left until={expires_at} />
        </span>
      )}
    </p>
  );
}
