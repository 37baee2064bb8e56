import type { Execution } from '@countersign/contracts/executions';
import { visibleLine } from '@countersign/contracts/text';
import { useEffect, useRef } from 'preact/hooks';
import { At } from '../clock.js';
import { ExecutionOutputView } from '../executions/output.js';
import { isUnderWay } from '../executions/under-way.js';
import { addressOf } from '../routes.js';
import { onApproval } from '../server/connection.js';
import { client } from '../server/client.js';
import { useResource } from '../server/resource.js';
import { may } from '../server/session.js';
import { Visible } from '../ui/visible.js';
import { attemptsIn, useRunEvents } from './run-events.js';
import { RunCalls } from './run-calls.js';
import { folded, timelineOf, type Entry } from './timeline.js';

const whileItRunsMs = 1_500;
/** The stream tells of approvals as they change; this is for what it may have missed while a service started. */
const whileItWaitsMs = 5_000;

/** All that happens in a run, as it happens. @param approvalId the approval that is looked at, if it is one. */
export function RunTimeline({ runId, approvalId }: { runId: string; approvalId?: string }) {
  const { events, writing, calls, isOver } = useRunEvents(runId);
  const ofRun = { run_id: runId, limit: 200 };
  const approvals = useResource(
    (signal) => client.approvals.list(ofRun, signal),
    [runId],
    isOver ? undefined : whileItWaitsMs,
  );
  // A call that has begun goes on when its run is cancelled.
  const areUnderWay = useRef(false);
  const executions = useResource(
    may('executions:read') ? (signal) => client.executions.list(ofRun, signal) : null,
    [runId],
    isOver && !areUnderWay.current ? undefined : whileItRunsMs,
  );
  const made = executions.data?.data ?? [];
  areUnderWay.current = made.some(isUnderWay);
  useEffect(() => onApproval(({ approval }) => void (approval?.run_id === runId && approvals.reload())), [runId]);
  useEffect(() => void executions.reload(), [isOver, events.length, attemptsIn(calls)]);

  const asked = approvals.data?.data ?? [];
  const step = (entry: Entry) => (
    <Step key={entry.key} entry={entry} approvalId={approvalId}>
      {isLatest(entry, made) && <ExecutionOutputView execution={of(entry, made)!} calls={calls} />}
    </Step>
  );
  return (
    <>
      {asked.length > (approvalId === undefined ? 0 : 1) && (
        <RunCalls approvals={asked} executions={made} approvalId={approvalId} />
      )}
      <ol class="timeline" aria-label="What happened in the run">
        {folded(timelineOf(events, asked, made)).map((each) =>
          'entries' in each ? (
            <li key={each.key} class="step is-approval">
              <details>
                <summary class="step-title">{each.title}</summary>
                <ol class="timeline">{each.entries.map(step)}</ol>
              </details>
            </li>
          ) : (
            step(each)
          ),
        )}
        {writing !== '' && (
          <li class="step is-model">
            <p class="step-title">The model writes</p>
            <p class="quoted">
              <Visible text={writing} />
            </p>
          </li>
        )}
      </ol>
    </>
  );
}

const of = ({ about }: Entry, executions: readonly Execution[]) => executions.find(({ id }) => id === about?.id);

/** Output is kept by attempt; the last one is shown. */
const isLatest = (entry: Entry, executions: readonly Execution[]): boolean =>
  entry.attempt !== undefined && entry.attempt === of(entry, executions)?.attempts.length;

interface StepProps {
  entry: Entry;
  approvalId: string | undefined;
  children?: preact.ComponentChildren;
}

function Step({ entry: { at, kind, title, text, tone, about }, approvalId, children }: StepProps) {
  return (
    <li class={`step is-${kind} ${tone ?? ''}`}>
      <p class="step-title">
        {about && about.id !== approvalId ? (
          <a href={addressOf(about.page, about.id)}>{visibleLine(title)}</a>
        ) : (
          visibleLine(title)
        )}{' '}
        <At at={at} />
      </p>
      {text && (
        <p class="quoted">
          <Visible text={text} />
        </p>
      )}
      {children}
    </li>
  );
}
