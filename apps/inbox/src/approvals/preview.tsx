import type { Approval, ResolutionData } from '@countersign/contracts/approvals';
import { visibleText } from '@countersign/contracts/text';
import { ActionForm } from '../forms/action-form.js';
import { client, me } from '../server/client.js';
import { may, viewerOf } from '../server/session.js';
import { Note } from '../ui/notes.js';
import { obstacleFor } from './decision/decision.js';
import { usePreviewOf } from './decision/verified.js';

interface CallPreviewProps {
  approval: Approval;
  reload(): Promise<void>;
  /** What would run, as far as it has been written. Unset: the call as it stands. */
  args?: Approval['tool_args'];
  /** The part of it that is written here. */
  written?: Pick<ResolutionData, 'tool_args' | 'values'>;
}

/** What its tool says the call would do: whoever approves the call approves this. */
export function CallPreview({ approval, reload, args, written = {} }: CallPreviewProps) {
  const isOfCall = usePreviewOf(approval, args ?? approval.approved_args ?? approval.tool_args);
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
          This preview is of other arguments than those that are shown here. It says nothing of this call
          {mayAsk && ': ask for one before you approve'}.
        </Note>
      )}
      {preview.output !== null && <pre>{visibleText(preview.output)}</pre>}
      {preview.before && (
        <>
          <p>When this call was approved before, and then not made, it showed:</p>
          <pre>{visibleText(preview.before.output)}</pre>
        </>
      )}
      {mayAsk && (
        <ActionForm
          send={() => client.approvals.preview(id, written)}
          action={isOfCall === false ? 'Preview these arguments' : 'Preview again'}
          tone={isOfCall === false ? 'primary' : 'plain'}
          done={reload}
        />
      )}
    </section>
  );
}
