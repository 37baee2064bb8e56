import { standingApprovals, type Approval } from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import { titleLine } from '@countersign/contracts/presentation';
import { visibleLine } from '@countersign/contracts/text';
import { callOf } from '../../calls/call-of.js';
import { CallMarks, CallTitle } from '../../calls/call-title.js';
import { Ago, Left, now } from '../../clock.js';
import { addressOf } from '../../routes.js';
import { urgency } from '../../time.js';
import { Status } from '../../ui/notes.js';

/** In pixels; the style sheet says the same. */
export const rowHeight = 84;

interface RowProps {
  approval: Approval;
  /** Of how many, from 1. */
  position: number;
  total: number;
  query: string;
  /** How many calls of one run begin with it; 0: none do. */
  ofRun: number;
  /** Whether the row before is of the same run. */
  isInRun: boolean;
  /** Whether it only keeps its place. */
  isGone: boolean;
  isOpen: boolean;
  isSelected: boolean;
  select: ((id: string) => void) | undefined;
}

/** One approval in the list. */
export function Row({
  approval,
  position,
  total,
  query,
  ofRun,
  isInRun,
  isGone,
  isOpen,
  isSelected,
  select,
}: RowProps) {
  const { id, status } = approval;
  const call = callOf(approval);
  return (
    <li
      class={`row ${isOpen ? 'is-open' : ''} ${isSelected ? 'is-selected' : ''} ${isGone ? 'is-gone' : ''} ${ofRun > 0 || isInRun ? 'in-run' : ''}`}
      style={{ top: `${(position - 1) * rowHeight}px` }}
      aria-setsize={total}
      aria-posinset={position}
    >
      {select && status === 'pending' && !isGone ? (
        <input
          type="checkbox"
          checked={isSelected}
          onChange={() => select(id)}
          aria-label={`Select ${titleLine(call)}`}
        />
      ) : (
        <span class="row-mark" />
      )}
      <a href={addressOf('inbox', id) + query} data-approval={id} aria-current={isOpen ? 'true' : undefined}>
        <span class="row-top">
          <strong>
            <CallTitle call={call} />
          </strong>
          <When approval={approval} />
        </span>
        <span class="row-who">
          <CallMarks call={call} />
          {ofRun > 0 && <span class="quorum">{ofRun} of one run</span>}
          <Who approval={approval} />
        </span>
      </a>
    </li>
  );
}

function When({ approval: { status, created_at, expires_at, resolved_at } }: { approval: Approval }) {
  if (status !== 'pending')
    return (
      <span class="row-when">
        <Ago at={resolved_at ?? created_at} />
      </span>
    );
  const presses = urgency(expires_at, now.value);
  return (
    <span class={`row-when ${presses}`}>
      {expires_at !== null && presses !== 'none' ? <Left until={expires_at} /> : <Ago at={created_at} />}
    </span>
  );
}

function Who({ approval }: { approval: Approval }) {
  const { status, source_name, user_id, required_approvals, expires_at, created_at } = approval;
  const isPressed = urgency(expires_at, now.value) !== 'none';
  return (
    <>
      {status !== 'pending' && <Status of={status} />}
      <span class="ellipsis">
        {visibleLine(source_name)}
        {user_id !== null && ` for ${visibleLine(user_id)}`}
      </span>
      {openQuestion(approval) && <span class="quorum">question open</span>}
      {status === 'pending' && required_approvals > 1 && (
        <span class="quorum">
          {standingApprovals(approval)} of {required_approvals}
        </span>
      )}
      {status === 'pending' && isPressed && (
        <span class="row-age">
          <Ago at={created_at} />
        </span>
      )}
      {status === 'pending' && !isPressed && expires_at !== null && (
        <span class="row-age">
          <Left until={expires_at} isShort />
        </span>
      )}
    </>
  );
}
