import type { Execution } from '@countersign/contracts/executions';
import { useState } from 'preact/hooks';
import { ActionForm } from '../forms/action-form.js';
import { client } from '../server/client.js';
import { may } from '../server/session.js';

type Outcome = 'succeeded' | 'failed';

interface ActionsProps {
  execution: Execution;
  reload(): Promise<void>;
}

/** What a person can do about an execution, as it stands. */
export function ExecutionActions({ execution, reload }: ActionsProps) {
  if (!may('executions:write')) return null;
  const { id, status } = execution;
  const report = (outcome: Outcome, result: string) => client.executions.report(id, { outcome, result });
  const resolveUnknown = (outcome: Outcome, note: string) => client.executions.resolveUnknown(id, { outcome, note });
  return (
    <>
      {status === 'outcome_unknown' && (
        <OutcomeForm
          title="Outcome of the call"
          send={resolveUnknown}
          label="What did you find, and how? (passed to the model)"
          yes="It was done"
          no="It was not done"
          done={reload}
        />
      )}
      {status === 'awaiting_report' && (
        <OutcomeForm
          title="Report what you did"
          send={report}
          label="Result (passed to the model)"
          yes="It is done"
          no="It could not be done"
          done={reload}
        />
      )}
      {(status === 'failed' || status === 'outcome_unknown') && <Retry {...{ execution, reload }} />}
      {(status === 'queued' || status === 'running' || status === 'awaiting_report') && (
        <details class="card">
          <summary>Stop it</summary>
          <ActionForm
            send={(reason) => client.executions.cancel(id, reason)}
            field={{ label: 'Reason', required: true }}
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
  send(outcome: Outcome, text: string): Promise<unknown>;
  label: string;
  yes: string;
  no: string;
  done(): Promise<void>;
}

function OutcomeForm({ title, send, label, yes, no, done }: OutcomeProps) {
  const [outcome, setOutcome] = useState<Outcome>();
  const choice = (value: Outcome, words: string) => (
    <label class="radio">
      <input type="radio" name="outcome" required checked={outcome === value} onChange={() => setOutcome(value)} />
      {words}
    </label>
  );
  return (
    <section class="card attention" aria-label={title}>
      <h2>{title}</h2>
      <ActionForm
        send={(text) => send(outcome!, text)}
        field={{ label, required: true }}
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
function Retry({ execution: { id, status, terms }, reload }: ActionsProps) {
  const [evenIfDone, setEvenIfDone] = useState(false);
  const isRisky = terms.semantics !== 'idempotent';
  return (
    <details class="card">
      <summary>Make the call again</summary>
      <ActionForm
        send={(note) => client.executions.retry(id, { note, even_if_done: evenIfDone })}
        field={{ label: 'Why', required: true }}
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
