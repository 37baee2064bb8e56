import type { Approval } from '@countersign/contracts/approvals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Fields } from '../../forms/fields-form.js';
import { duration } from '../../time.js';
import { Changes } from '../../calls/arguments.js';
import { changesBetween } from '../../calls/changes.js';
import type { DraftForm } from './draft.js';

const hour = 3_600;
const periods = [hour, 8 * hour, 24 * hour, 7 * 24 * hour];

/** As long as the rule lets a grant hold. */
function periodsWithin({ max_duration }: Approval['terms']['grant']): number[] {
  const allowed = periods.filter((seconds) => seconds <= max_duration);
  return allowed.length > 0 ? allowed : [max_duration];
}

interface DecisionFieldsProps {
  form: DraftForm;
  approval: Approval;
  /** After an attempt to approve, missing values are shown as errors. */
  tried: boolean;
}

/** What an approval can say besides yes: other arguments, what was to be filled in, that it was done by hand, or a grant. */
export function DecisionFields({ form, approval, tried }: DecisionFieldsProps) {
  const { edit, fill, result, grant, allows } = form;
  return (
    <>
      {fill.fields.length > 0 && result.text === null && (
        <fieldset>
          <legend>For you to fill in</legend>
          <Fields
            {...fill}
            problems={tried ? fill.problems : onlyWritten(fill.problems, fill.written)}
            written={fill.written}
            change={fill.write}
          />
        </fieldset>
      )}
      {edit.written !== null && <Editor form={form} approval={approval} />}
      {result.text !== null && (
        <fieldset>
          <legend>Already done by hand</legend>
          <label>
            Result
            <textarea
              rows={3}
              value={result.text}
              onInput={(event) => result.write(event.currentTarget.value)}
              autoFocus
            />
          </label>
          <p class="hint">Nothing is executed. The model receives this as the result.</p>
        </fieldset>
      )}
      {grant.seconds !== null && (
        <fieldset>
          <legend>Allow the same call again</legend>
          <label>
            For
            <select value={grant.seconds} onChange={(event) => grant.write(Number(event.currentTarget.value))}>
              {periodsWithin(approval.terms.grant).map((seconds) => (
                <option key={seconds} value={seconds}>
                  {duration(seconds)}
                </option>
              ))}
            </select>
          </label>
          <p class="hint">
            This agent may then make this call with exactly these arguments without asking,{' '}
            {approval.terms.grant.max_uses} times at most, but not for you. Grants lists what holds.
          </p>
        </fieldset>
      )}
      <div class="more-ways">
        {allows('edit') && edit.written === null && result.text === null && (
          <button type="button" class="link" onClick={edit.begin}>
            Edit the arguments
          </button>
        )}
        {edit.written !== null && <Undo what="Keep the arguments as they are" undo={() => edit.write(null)} />}
        {allows('result') && result.text === null && edit.written === null && (
          <button type="button" class="link" onClick={() => result.write('')}>
            Already done by hand
          </button>
        )}
        {result.text !== null && <Undo what="Not done by hand" undo={() => result.write(null)} />}
        {allows('grant') && grant.seconds === null && (
          <button type="button" class="link" onClick={() => grant.write(periodsWithin(approval.terms.grant)[0]!)}>
            Allow it for a while
          </button>
        )}
        {grant.seconds !== null && <Undo what="Allow it only this time" undo={() => grant.write(null)} />}
      </div>
    </>
  );
}

const Undo = ({ what, undo }: { what: string; undo(): void }) => (
  <button type="button" class="link" onClick={undo}>
    {what}
  </button>
);

function Editor({ form: { edit, args }, approval }: { form: DraftForm; approval: Approval }) {
  const first = useRef<HTMLFieldSetElement>(null);
  useLayoutEffect(() => first.current?.querySelector<HTMLElement>('input, textarea, select')?.focus(), []);
  return (
    <fieldset ref={first}>
      <legend>Other arguments</legend>
      <Fields fields={edit.fields} written={edit.written!} problems={edit.problems} change={edit.write} />
      <Changes title="What you change" changes={changesBetween(approval.tool_args, args)} />
    </fieldset>
  );
}

/** A field that was not visited yet shows no error. */
const onlyWritten = (problems: Record<string, string>, written: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(problems).filter(([name]) => name in written));
