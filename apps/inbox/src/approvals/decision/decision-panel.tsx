import type { Approval, DecisionVerdict } from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import { presentCall, type PresentableCall } from '@countersign/contracts/presentation';
import { markedLine } from '@countersign/contracts/text';
import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { me } from '../../server/client.js';
import { may, viewerOf } from '../../server/session.js';
import { Failure, Note } from '../../ui/notes.js';
import { Arguments, Changes } from '../../calls/arguments.js';
import { callOf } from '../../calls/call-of.js';
import { CallAction, CallMarks } from '../../calls/call-title.js';
import { changesBetween } from '../../calls/changes.js';
import { useSeen } from '../../ui/use-seen.js';
import { approvedInPlaceOf, needsReason, obstacleFor, placeFor } from './decision.js';
import { DecisionFields } from './decision-fields.js';
import { useDraft, type DraftForm } from './draft.js';
import { intent } from './intent.js';
import { approveVerb, previewState, unreadyFor, type Unready } from './label.js';
import { usePreviewOf, useVerified } from './verified.js';
import { CallPreview } from '../preview.js';
import { useDecide, type Deciding } from './use-decide.js';

interface PanelProps extends Deciding {
  /** What an approver should have read before. */
  children?: ComponentChildren;
}

/** What will run, and the decision on it. */
export function DecisionPanel({ approval, reload, late, children }: PanelProps) {
  const form = useDraft(approval);
  const verified = useVerified(approval);
  const isChanged = changesBetween(approval.tool_args, form.args);
  const isAsItStands = changesBetween(approval.approved_args ?? approval.tool_args, form.args).length === 0;
  const call = callOf(approval, form.args);
  const [end, isSeen] = useSeen(approval.digest);
  const obstacle = may('approvals:write')
    ? obstacleFor(viewerOf(me.value!), approval)
    : 'You may look, but not decide.';
  const place = obstacle === null ? placeFor(viewerOf(me.value!), approval) : null;
  return (
    <section class="decide" aria-labelledby="decide">
      <h2 id="decide">What will run</h2>
      {place !== null && <Note tone="warn">You decide in the place of {markedLine(place)}, and count as they do.</Note>}
      <Arguments call={call} {...(isAsItStands && { digest: approval.digest, verified })} />
      {form.agreed && isChanged.length > 0 && <Changes title="As others have approved it" changes={isChanged} />}
      <CallPreview approval={approval} reload={reload} args={form.args} written={form.written} />
      <span ref={end} class="end-of-call" data-seen={isSeen} />
      {children}
      {obstacle === null ? (
        <Decide {...{ approval, form, reload, late, call, isSeen, end }} />
      ) : (
        <Note>{obstacle}</Note>
      )}
    </section>
  );
}

interface DecideProps extends PanelProps {
  form: DraftForm;
  /** What would run. */
  call: PresentableCall;
  /** Whether all of it has been in view, and where it ends. */
  isSeen: boolean;
  end: RefObject<HTMLElement | null>;
}

function Decide({ approval, form, reload, late, call, isSeen, end }: DecideProps) {
  const { busy, problem, decide } = useDecide({ approval, reload, late });
  const [confirming, setConfirming] = useState<{ text: string; of?: Unready['of'] }>();
  const [typed, setTyped] = useState('');
  const [isRejecting, setRejecting] = useState(false);
  const approveButton = useRef<HTMLButtonElement>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const element = useRef<HTMLFormElement>(null);
  const typing = useRef<HTMLInputElement>(null);
  const { risk, target } = presentCall(call);
  const isPreviewed = usePreviewOf(approval, form.args);
  const preview = form.result.text === null ? previewState(approval, isPreviewed) : null;
  const deputy = approvedInPlaceOf(me.value!, approval);
  const isTyped = risk === 'critical' && form.result.text === null && deputy === undefined;

  const submit = (verdict: DecisionVerdict): void => {
    if (busy) return;
    const question = openQuestion(approval);
    const unready = unreadyFor(verdict, {
      askedBy: question && question.by !== me.value!.subject ? question.by : null,
      needsReason: needsReason(approval, verdict) && form.note.text.trim() === '',
      isComplete: form.isComplete,
      preview,
      isSeen,
      target: isTyped ? target : null,
      typed,
    });
    if (unready) return setConfirming(unready);
    setConfirming(undefined);
    void decide(verdict, form, isTyped ? typed : undefined);
  };

  useLayoutEffect(() => {
    if (confirming?.of === 'reason') note.current?.focus();
    if (confirming?.of === 'target') typing.current?.focus();
    if (confirming?.of === 'rest') end.current?.scrollIntoView({ block: 'center' });
    if (confirming?.of === 'fields') element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [confirming]);

  useLayoutEffect(() => {
    const wish = intent.value;
    if (wish === null) return;
    intent.value = null;
    setRejecting(wish === 'reject');
    if (wish === 'edit' && form.allows('edit')) form.edit.begin();
    else if (wish === 'edit') setConfirming({ text: 'The rules do not allow other arguments here.' });
    else (wish === 'approve' ? approveButton : note).current?.focus();
  }, [intent.value]);

  return (
    <>
      <form ref={element} class="decision" onSubmit={(event) => event.preventDefault()}>
        <DecisionFields form={form} approval={approval} tried={confirming?.of === 'fields'} />
        <label class="reason">
          Reason <span class="optional">{reasonHint(approval)}</span>
          <textarea
            ref={note}
            rows={2}
            value={form.note.text}
            onInput={(event) => form.note.write(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') event.currentTarget.blur();
              if (isRejecting && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit('rejected');
            }}
          />
          {isRejecting && <span class="hint">Ctrl+Enter rejects.</span>}
        </label>
        <Failure problem={problem} />
      </form>
      <div class="decision-bar" role="group" aria-label="Decision">
        {confirming && (confirming.of !== 'preview' || preview !== null) && <Note tone="warn">{confirming.text}</Note>}
        {deputy !== undefined && (
          <Note>{markedLine(deputy)} has approved this in your place. You can still reject it.</Note>
        )}
        <p class="decision-marks">
          <CallMarks call={call} />
        </p>
        {isTyped && (
          <label class="target">
            <span>
              Type <code>{markedLine(target)}</code> to approve
            </span>
            <input
              ref={typing}
              value={typed}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
        )}
        <div class="buttons">
          {deputy === undefined && (
            <button
              ref={approveButton}
              type="button"
              class="primary good approve"
              aria-disabled={busy}
              onClick={() => submit('approved')}
            >
              {approveVerb({
                isDone: form.result.text !== null,
                isChanged: form.edit.written !== null && changesBetween(approval.tool_args, form.args).length > 0,
                isGranted: form.grant.seconds !== null,
              })}
              : <CallAction call={call} />
            </button>
          )}
          <button type="button" class="primary bad" aria-disabled={busy} onClick={() => submit('rejected')}>
            Reject
          </button>
        </div>
      </div>
    </>
  );
}

function reasonHint(approval: Approval): string {
  const needed = (['approved', 'rejected'] as const).filter((verdict) => needsReason(approval, verdict));
  if (needed.length === 2) return 'required, passed to the model';
  return needed.length === 1
    ? `required to ${needed[0] === 'approved' ? 'approve' : 'reject'}, passed to the model`
    : 'optional, passed to the model';
}
