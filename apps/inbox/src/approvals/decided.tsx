import type { Approval } from '@countersign/contracts/approvals';
import { visibleLine } from '@countersign/contracts/text';
import { Ago } from '../clock.js';
import { Visible } from '../ui/visible.js';

interface DecidedProps {
  approval: Approval;
  /** The approval to go on with, if there is one. */
  next: string | undefined;
  open(id: string): void;
}

/** The outcome of an approval. */
export function Decided({ approval, next, open }: DecidedProps) {
  const { status, resolved_by, resolved_at, resolution_data, decisions, grant_id, break_glass } = approval;
  // Why glass was broken stands beside its review.
  const note = break_glass ? null : (decisions.at(-1)?.note ?? resolution_data?.note);
  return (
    <div class={`decided ${status}`}>
      <p>
        {status === 'expired' && 'No decision in time'}
        {status === 'cancelled' && 'Nothing is left to decide: the run is over'}
        {(status === 'approved' || status === 'rejected') && (
          <>
            {status === 'approved' ? 'Approved' : 'Rejected'}{' '}
            {resolved_by === null ? (
              grant_id ? (
                'by a standing grant'
              ) : (
                'by the rules'
              )
            ) : (
              <>
                {break_glass && 'alone, by breaking glass, '}by <strong>{visibleLine(resolved_by)}</strong>
              </>
            )}
          </>
        )}
        {resolved_at !== null && (
          <>
            , <Ago at={resolved_at} />
          </>
        )}
      </p>
      {note && (
        <blockquote>
          <Visible text={note} />
        </blockquote>
      )}
      {resolution_data?.result !== undefined && (
        <>
          <h3>Done by hand</h3>
          <pre tabIndex={0}>
            <Visible text={resolution_data.result} />
          </pre>
        </>
      )}
      {next && (
        <button type="button" onClick={() => open(next)}>
          Next approval <kbd>j</kbd>
        </button>
      )}
    </div>
  );
}
