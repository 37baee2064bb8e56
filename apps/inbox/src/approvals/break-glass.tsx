import { isMember, type Approval } from '@countersign/contracts/approvals';
import { titleLine, typedTarget } from '@countersign/contracts/presentation';
import { markedLine } from '@countersign/contracts/text';
import { useEffect, useState } from 'preact/hooks';
import { callOf } from '../calls/call-of.js';
import { Ago } from '../clock.js';
import { ActionForm } from '../forms/action-form.js';
import { addressOf } from '../routes.js';
import { client, me } from '../server/client.js';
import { onApproval } from '../server/connection.js';
import { useResource } from '../server/resource.js';
import { may } from '../server/session.js';
import { Note } from '../ui/notes.js';
import { Visible } from '../ui/visible.js';
import { mayBreakGlass, mayReview } from './decision/decision.js';

interface GlassProps {
  approval: Approval;
  reload(): Promise<void>;
}

/** For an emergency: to approve alone, where the rules name whoever looks for it. */
export function BreakGlass({ approval, reload }: GlassProps) {
  const { id, digest, terms } = approval;
  const [typed, setTyped] = useState('');
  if (!may('approvals:write') || !mayBreakGlass(me.value!, approval)) return null;
  const target = typedTarget(callOf(approval));
  const group = terms.break_glass.find((each) => isMember(each, { by: me.value!.subject, groups: me.value!.groups }));
  return (
    <details class="glass">
      <summary>Break glass: approve it alone, in an emergency</summary>
      <ActionForm
        send={(reason) =>
          client.approvals.breakGlass(id, { reason, digest, ...(target !== null && { target: typed }) })
        }
        field={{ label: 'Why it cannot wait', required: true }}
        action="Break glass and approve"
        tone="bad"
        done={reload}
      >
        <p>
          The rules let members of {group?.group} do this. Every channel is alarmed, it is on record under your name,
          and somebody else reviews it.
        </p>
        <label>
          Type <code>break glass</code> to go on
          <input required pattern="break glass" autocomplete="off" spellcheck={false} />
        </label>
        {target !== null && (
          <label>
            <span>
              The call is critical: type <code>{markedLine(target)}</code>
            </span>
            <input
              required
              value={typed}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
        )}
      </ActionForm>
    </details>
  );
}

/** Who approved alone, why, and what somebody else made of it. */
export function BrokenGlass({ approval, reload }: GlassProps) {
  const { id, break_glass, review, reviewed } = approval;
  if (!break_glass) return null;
  return (
    <section aria-labelledby="glass" class="questions">
      <h2 id="glass">Break glass</h2>
      <p>
        <strong>{markedLine(break_glass.by)}</strong>, of {markedLine(break_glass.group)}, approved this alone, past the
        rest of the rule, <Ago at={break_glass.at} />.
      </p>
      <blockquote>
        <Visible text={break_glass.reason} />
      </blockquote>
      {reviewed && (
        <>
          <p class="muted">
            <strong>{markedLine(reviewed.by)}</strong> reviewed it, <Ago at={reviewed.at} />
          </p>
          <blockquote>
            <Visible text={reviewed.text} />
          </blockquote>
        </>
      )}
      {review === 'open' && <Note tone="warn">Its review is open until somebody else closes it.</Note>}
      {may('approvals:write') && mayReview(me.value!, approval) && (
        <ActionForm
          send={(text) => client.approvals.review(id, text)}
          field={{ label: 'What you found', required: true }}
          action="Close the review"
          tone="primary"
          done={reload}
        />
      )}
    </section>
  );
}

const seldomMs = 30_000;

/** What was approved in an emergency and nobody else has looked at. */
export function OpenReviews() {
  const { data, reload } = useResource(
    (signal) => client.approvals.list({ review: 'open', limit: 20 }, signal),
    [],
    seldomMs,
  );
  useEffect(() => onApproval(({ approval }) => void (approval?.break_glass && reload())), [reload]);
  if (!data || data.data.length === 0) return null;
  return (
    <Note tone="bad">
      <p>Glass was broken, and its review is open:</p>
      <ul>
        {data.data.map((approval) => (
          <li key={approval.id}>
            <a href={addressOf('inbox', approval.id)}>{titleLine(callOf(approval))}</a>, by{' '}
            {markedLine(approval.break_glass!.by)}
          </li>
        ))}
      </ul>
    </Note>
  );
}
