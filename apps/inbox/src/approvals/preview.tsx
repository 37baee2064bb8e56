import type { Approval } from '@countersign/contracts/approvals';
import { visibleText } from '@countersign/contracts/text';
import { ActionForm } from '../forms/action-form.js';
import { client, me } from '../server/client.js';
import { may, viewerOf } from '../server/session.js';
import { Note } from '../ui/notes.js';
import { obstacleFor } from './decision/decision.js';
import { isPreviewOfShownCall, useVerified } from './decision/verified.js';

/** What its tool says the call would do: whoever approves the call approves this. */
export function CallPreview({ approval, reload }: { approval: Approval; reload(): Promise<void> }) {
  const isOfCall = useVerified(approval, isPreviewOfShownCall);
  const { id, preview, status, decisions } = approval;
  if (!preview) return null;
  const mayAsk =
    status === 'pending' &&
    preview.status !== 'requested' &&
    decisions.length === 0 &&
    may('approvals:write') &&
    obstacleFor(viewerOf(me.value!), approval) === null;
  return (
    <section aria-labelledby="preview" class="preview">
      <h2 id="preview">Preview</h2>
      {preview.status === 'requested' && <p>It is being made. Nobody approves the call before.</p>}
      {preview.status === 'failed' && <p>There is none: {visibleText(preview.reason ?? '')}</p>}
      {isOfCall === false && (
        <Note tone="bad">
          This preview is of other arguments than those that are shown here. It says nothing of this call.
        </Note>
      )}
      {preview.output !== null && <pre>{visibleText(preview.output)}</pre>}
      {preview.before && (
        <>
          <p>When this call was approved before, and then not made, it showed:</p>
          <pre>{visibleText(preview.before.output)}</pre>
        </>
      )}
      {mayAsk && <ActionForm send={() => client.approvals.preview(id)} action="Preview again" done={reload} />}
    </section>
  );
}
