import type { Execution } from '@countersign/contracts';
import { useState } from 'preact/hooks';
import { ActionForm } from '../forms/action-form.js';
import { may } from '../server/session.js';

interface ActionsProps {
  execution: Execution;
  reload(): Promise<void>;
}

/** What a person can do about an execution, as it stands. */
export function ExecutionActions({ execution, reload }: ActionsProps) {
  if (!may('executions:write')) return null;
  const { id, status } = execution;
  const path = `/executions/${encodeURIComponent(id)}`;
  const reported = { path: `${path}/report`, field: { name: 'result', label: 'What came of it. The model is told.' } };
  const settled = {
    path: `${path}/resolve-unknown`,
    field: { name: 'note', label: 'What did you find, and how? The model is told.' },
  };
  return (
    <>
      {status === 'outcome_unknown' && (
        <Outcome title="What came of it?" {...settled} yes="It was done" no="It was not done" done={reload} />
      )}
      {status === 'awaiting_report' && (
        <Outcome title="Report what you did" {...reported} yes="It is done" no="It could not be done" done={reload} />
      )}
      {(status === 'failed' || status === 'outcome_unknown') && <Retry {...{ execution, path, reload }} />}
      {(status === 'queued' || status === 'running' || status === 'awaiting_report') && (
        <details class="card">
          <summary>Stop it</summary>
          <ActionForm
            path={`${path}/cancel`}
            field={{ name: 'reason', label: 'Reason', required: true }}
            action="Stop it"
            tone="bad"
            done={reload}
          />
        </details>
      )}
    </>
  );
}

interface OutcomeProps {
  title: string;
  path: string;
  field: { name: string; label: string };
  yes: string;
  no: string;
  done(): Promise<void>;
}

function Outcome({ title, path, field, yes, no, done }: OutcomeProps) {
  const [outcome, setOutcome] = useState<'succeeded' | 'failed'>();
  const choice = (value: 'succeeded' | 'failed', words: string) => (
    <label class="radio">
      <input type="radio" name="outcome" required checked={outcome === value} onChange={() => setOutcome(value)} />
      {words}
    </label>
  );
  return (
    <section class="card attention" aria-label={title}>
      <h2>{title}</h2>
      <ActionForm
        path={path}
        field={{ ...field, required: true }}
        body={{ outcome }}
        action="Record it"
        tone="primary"
        done={done}
      >
        <div class="radios" role="radiogroup" aria-label="Outcome">
          {choice('succeeded', yes)}
          {choice('failed', no)}
        </div>
      </ActionForm>
    </section>
  );
}

/** Making a call again that may have been made already takes an explicit word. */
function Retry({ execution: { status, terms }, path, reload }: ActionsProps & { path: string }) {
  const [evenIfDone, setEvenIfDone] = useState(false);
  const isRisky = terms.promise === 'at_most_once';
  return (
    <details class="card">
      <summary>Make the call again</summary>
      <ActionForm
        path={`${path}/retry`}
        field={{ name: 'note', label: 'Why', required: true }}
        body={{ even_if_done: evenIfDone }}
        action="Make it again"
        tone="bad"
        done={reload}
      >
        {isRisky && (
          <label class="radio">
            <input type="checkbox" checked={evenIfDone} onChange={() => setEvenIfDone(!evenIfDone)} />
            {status === 'failed' ? 'Even though it was started before' : 'Even if it was done already'}
          </label>
        )}
      </ActionForm>
    </details>
  );
}
