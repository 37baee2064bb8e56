import type { ApiError } from '@countersign/client';
import type { Requirement } from '@countersign/contracts/calls';
import type { RunOutput } from '@countersign/contracts/runs';
import { visibleLine } from '@countersign/contracts/text';
import { useState } from 'preact/hooks';
import { Arguments } from '../calls/arguments.js';
import { fieldsOfInputs, valuesIn, type Written } from '../forms/fields.js';
import { Fields } from '../forms/fields-form.js';
import { client, problemOf } from '../server/client.js';
import { mayChange } from '../server/session.js';
import { Failure } from '../ui/notes.js';

/** What a paused run waits for from whoever started it, where no approval is needed. */
export function WaitsForCaller({ run, reload }: { run: RunOutput; reload(): Promise<void> }) {
  if (run.status !== 'PAUSED' || !mayChange(run)) return null;
  return (
    <>
      {run.requirements.filter(waitsForCaller).map((requirement) => (
        <CallerForm key={requirement.id} {...{ run, requirement, reload }} />
      ))}
    </>
  );
}

const waitsForCaller = ({ tool_execution: call }: Requirement): boolean =>
  call.approval_type === null && call.result === null && call.confirmed === null && call.answered !== true;

type CallerFormProps = { run: RunOutput; requirement: Requirement; reload(): Promise<void> };

function CallerForm({ run: { agent_id, run_id }, requirement: { tool_execution: call }, reload }: CallerFormProps) {
  const fields = fieldsOfInputs(call.user_input_schema ?? []);
  const [written, setWritten] = useState<Written>({});
  const [result, setResult] = useState('');
  const [problem, setProblem] = useState<ApiError>();
  const { values, problems } = valuesIn(fields, written);

  const answer = async (body: object) => {
    try {
      await client.runs.continue({ agent_id, run_id }, { tools: [{ tool_call_id: call.tool_call_id, ...body }] });
      setProblem(undefined);
      await reload();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const filled = () => answer({ user_input_schema: Object.entries(values).map(([name, value]) => ({ name, value })) });

  return (
    <form class="card" onSubmit={(event) => event.preventDefault()}>
      <h2>{visibleLine(call.tool_name)} waits for you</h2>
      <Arguments call={{ ...call, presentation: null }} />
      <Failure problem={problem} />
      {call.requires_user_input && (
        <>
          <Fields fields={fields} written={written} problems={{}} change={setWritten} />
          <button
            type="button"
            class="primary"
            disabled={Object.keys(problems).length > 0}
            onClick={() => void filled()}
          >
            Answer
          </button>
        </>
      )}
      {call.requires_confirmation && (
        <div class="buttons">
          <button type="button" class="primary good" onClick={() => void answer({ confirmed: true })}>
            Confirm
          </button>
          <button type="button" class="primary bad" onClick={() => void answer({ confirmed: false })}>
            Refuse
          </button>
        </div>
      )}
      {call.external_execution_required && (
        <>
          <label>
            Result
            <textarea rows={3} value={result} onInput={(event) => setResult(event.currentTarget.value)} />
          </label>
          <button type="button" class="primary" disabled={result.trim() === ''} onClick={() => void answer({ result })}>
            Give the result
          </button>
        </>
      )}
    </form>
  );
}
