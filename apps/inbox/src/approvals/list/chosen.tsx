import type { Approval, BulkResult } from '@countersign/contracts/approvals';
import { markedLine } from '@countersign/contracts/text';
import { Visible } from '../../ui/visible.js';
import { Arguments } from '../arguments.js';
import type { Whole } from '../decision/use-whole.js';

interface ChosenProps {
  /** As the list has it. */
  listed: Approval;
  whole: Whole | undefined;
  result: BulkResult | undefined;
}

/** One of several that are decided on together: all that would run, and why. */
export function Chosen({ listed, whole, result }: ChosenProps) {
  const { tool_name, source_name, user_id } = listed;
  return (
    <li>
      <p>
        <strong>{markedLine(tool_name)}</strong>{' '}
        <span class="muted">
          {markedLine(source_name)}
          {user_id !== null && ` for ${markedLine(user_id)}`}
        </span>
      </p>
      {whole && ('problem' in whole ? <p class="outcome bad">Left out: {whole.problem}</p> : <Call {...whole} />)}
      {result && <span class={result.status === 200 ? 'outcome good' : 'outcome bad'}>{result.detail}</span>}
    </li>
  );
}

function Call({ approval: { approved_args, context, tool_args } }: { approval: Approval }) {
  const { reason } = context;
  return (
    <>
      <Arguments args={approved_args ?? tool_args} />
      {approved_args && <p class="muted">As others have changed and approved it.</p>}
      {typeof reason === 'string' && reason !== '' && (
        <p>
          The model says: <Visible exact text={reason} />
        </p>
      )}
    </>
  );
}
