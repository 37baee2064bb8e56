import type { Approval, DecisionVerdict } from '@countersign/contracts/approvals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { me } from '../../server/client.js';
import { may } from '../../server/session.js';
import { Failure, Note } from '../../ui/notes.js';
import { Arguments, Changes } from '../arguments.js';
import { changesBetween } from './changes.js';
import { needsReason, obstacleFor } from './decision.js';
import { DecisionFields } from './decision-fields.js';
import { useDraft, type DraftForm } from './draft.js';
import { intent } from './intent.js';
import { useVerified } from './verified.js';
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
  const obstacle = may('approvals:write') ? obstacleFor(me.value!, approval) : 'You may look, but not decide.';
  return (
    <section class="decide" aria-labelledby="decide">
      <h2 id="decide">What will run</h2>
      <Arguments args={form.args} {...(isAsItStands && { digest: approval.digest, verified })} />
      {form.agreed && isChanged.length > 0 && <Changes title="As others have approved it" changes={isChanged} />}
      {children}
      {obstacle === null ? <Decide {...{ approval, form, reload, late }} /> : <Note>{obstacle}</Note>}
    </section>
  );
}

function Decide({ approval, form, reload, late }: PanelProps & { form: DraftForm }) {
  const { busy, problem, decide } = useDecide({ approval, reload, late });
  const [confirming, setConfirming] = useState<{ text: string; of?: 'reason' | 'fields' }>();
  const [isRejecting, setRejecting] = useState(false);
  const approveButton = useRef<HTMLButtonElement>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const element = useRef<HTMLFormElement>(null);

  const submit = (verdict: DecisionVerdict): void => {
    if (busy) return;
    const lacksReason = needsReason(approval, verdict) && form.note.text.trim() === '';
    const lacksFields = verdict === 'approved' && !form.isComplete;
    if (lacksReason)
      return setConfirming({
        text: `The rules ask for a reason to ${verdict === 'approved' ? 'approve' : 'reject'}.`,
        of: 'reason',
      });
    if (lacksFields) return setConfirming({ text: 'Some fields are missing or wrong.', of: 'fields' });
    setConfirming(undefined);
    void decide(verdict, form);
  };

  useLayoutEffect(() => {
    if (confirming?.of === 'reason') note.current?.focus();
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
      {confirming && <Note tone="warn">{confirming.text}</Note>}
      <Failure problem={problem} />
      <div class="buttons">
        <button
          ref={approveButton}
          type="button"
          class="primary good"
          aria-disabled={busy}
          onClick={() => submit('approved')}
        >
          {approveLabel(form, approval)}
        </button>
        <button type="button" class="primary bad" aria-disabled={busy} onClick={() => submit('rejected')}>
          Reject
        </button>
      </div>
    </form>
  );
}

function approveLabel({ edit, result, grant, args }: DraftForm, { tool_args }: Approval): string {
  if (result.text !== null) return 'Approve as done';
  if (edit.written !== null && changesBetween(tool_args, args).length > 0) return 'Approve with changes';
  return grant.seconds === null ? 'Approve' : 'Approve and allow more';
}

function reasonHint(approval: Approval): string {
  const needed = (['approved', 'rejected'] as const).filter((verdict) => needsReason(approval, verdict));
  if (needed.length === 2) return 'required, passed to the model';
  return needed.length === 1
    ? `required to ${needed[0] === 'approved' ? 'approve' : 'reject'}, passed to the model`
    : 'optional, passed to the model';
}
