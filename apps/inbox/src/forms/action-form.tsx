import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { change, ServerProblem, wordsOf } from '../server/request.js';
import { Failure } from '../ui/notes.js';
import { announce } from '../ui/page.js';

interface ActionFormProps {
  path: string;
  /** The text that goes with it, and its name in the body. */
  field: { name: string; label: string; required: boolean };
  /** What the body says besides. */
  body?: object;
  action: string;
  /** The class of the button. */
  tone?: 'plain' | 'primary' | 'bad';
  done(): unknown;
  children?: ComponentChildren;
}

/** Sends one text and what goes with it, and says what came of it. */
export function ActionForm({ path, field, body, action, tone = 'plain', done, children }: ActionFormProps) {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ServerProblem>();

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await change('POST', path, { ...body, ...(text.trim() !== '' && { [field.name]: text.trim() }) });
      setText('');
      setProblem(undefined);
      announce(`${action}: done`);
      await done();
    } catch (error) {
      setProblem(error instanceof ServerProblem ? error : new ServerProblem(0, wordsOf(error)));
    }
    setBusy(false);
  };

  return (
    <form class="action-form" onSubmit={submit}>
      {children}
      <label>
        {field.label}
        <textarea
          rows={2}
          required={field.required}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <Failure problem={problem} />
      <button class={tone} disabled={busy}>
        {action}
      </button>
    </form>
  );
}
