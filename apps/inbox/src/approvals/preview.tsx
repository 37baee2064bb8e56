import type { Approval } from '@countersign/contracts/approvals';
import { visibleText } from '@countersign/contracts/text';

/** What its tool says the call would do: whoever approves the call approves this. */
export function CallPreview({ approval: { preview } }: { approval: Approval }) {
  if (!preview) return null;
  return (
    <section aria-labelledby="preview">
      <h2 id="preview">Preview</h2>
      {preview.status === 'requested' && <p>It is being made. Nobody approves the call before.</p>}
      {preview.status === 'failed' && <p>There is none: {visibleText(preview.reason ?? '')}</p>}
      {preview.output !== null && <pre>{visibleText(preview.output)}</pre>}
      {preview.before && (
        <>
          <p>When this call was approved before, and then not made, it showed:</p>
          <pre>{visibleText(preview.before.output)}</pre>
        </>
      )}
    </section>
  );
}
