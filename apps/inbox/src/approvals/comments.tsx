import type { Approval } from '@countersign/contracts/approvals';
import { visibleLine } from '@countersign/contracts/text';
import { Ago } from '../clock.js';
import { client } from '../server/client.js';
import { may } from '../server/session.js';
import { ActionForm } from '../forms/action-form.js';
import { Visible } from '../ui/visible.js';

/** What people say about an approval without deciding it. */
export function Comments({ approval: { id, comments }, reload }: { approval: Approval; reload(): Promise<void> }) {
  if (comments.length === 0 && !may('approvals:write')) return null;
  return (
    <section aria-labelledby="comments">
      <h2 id="comments">Comments</h2>
      <ul class="comments" hidden={comments.length === 0}>
        {comments.map(({ id, by, at, text }) => (
          <li key={id}>
            <p class="muted">
              <strong>{by === null ? 'Unknown' : visibleLine(by)}</strong>, <Ago at={at} />
            </p>
            <p>
              <Visible text={text} />
            </p>
          </li>
        ))}
      </ul>
      {may('approvals:write') && (
        <ActionForm
          send={(text) => client.approvals.comment(id, text)}
          field={{ label: 'Add something, without asking or deciding', required: true }}
          action="Comment"
          done={reload}
        />
      )}
    </section>
  );
}
