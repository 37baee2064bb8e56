import type { Approval, BulkResult } from '@countersign/contracts/approvals';
import { markedLine } from '@countersign/contracts/text';
import { useEffect } from 'preact/hooks';
import { Arguments } from '../../calls/arguments.js';
import { callOf } from '../../calls/call-of.js';
import { CallMarks, CallTitle } from '../../calls/call-title.js';
import { addressOf } from '../../routes.js';
import { useSeen } from '../../ui/use-seen.js';
import { Visible } from '../../ui/visible.js';
import type { Whole } from '../decision/use-whole.js';
import type { LeftOut } from './together.js';

interface ChosenProps {
  /** As the list has it. */
  listed: Approval;
  whole: Whole | undefined;
  /** Why it is not decided on. */
  left: LeftOut;
  result: BulkResult | undefined;
  /** Called with the digest of a call once its end is in view. */
  see(digest: string): void;
}

/** One of several that are decided on together: all that would run, and why. */
export function Chosen({ listed, whole, left, result, see }: ChosenProps) {
  const approval = whole && 'approval' in whole ? whole.approval : listed;
  const { id, source_name, user_id } = listed;
  const call = callOf(approval);
  return (
    <li class={left === null ? '' : 'is-left-out'}>
      <p class="chosen-head">
        <strong>
          <CallTitle call={call} />
        </strong>{' '}
        <CallMarks call={call} />{' '}
        <span class="muted">
          {markedLine(source_name)}
          {user_id !== null && ` for ${markedLine(user_id)}`}
        </span>
      </p>
      {whole && 'approval' in whole && <Call {...whole} see={see} />}
      {left !== null && !result && (
        <p class="outcome bad">
          Left out: {left}. <a href={addressOf('inbox', id)}>Open it</a>
        </p>
      )}
      {result && <span class={result.status === 200 ? 'outcome good' : 'outcome bad'}>{result.detail}</span>}
    </li>
  );
}

function Call({ approval, see }: { approval: Approval; see(digest: string): void }) {
  const { approved_args, context, digest } = approval;
  const { reason } = context;
  const [end, isSeen] = useSeen(digest);
  useEffect(() => {
    if (isSeen) see(digest);
  }, [isSeen, digest]);
  return (
    <>
      <Arguments call={callOf(approval)} />
      {approved_args && <p class="muted">As others have changed and approved it.</p>}
      {typeof reason === 'string' && reason !== '' && (
        <p>
          The model says: <Visible exact text={reason} />
        </p>
      )}
      <span ref={end} class="end-of-call" />
    </>
  );
}
