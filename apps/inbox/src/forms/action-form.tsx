import type { ApiError } from '@countersign/client';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { problemOf } from '../server/client.js';
import { Failure } from '../ui/notes.js';
import { announce } from '../ui/page.js';

interface ActionFormProps {
  /** @param text trimmed; empty only where it is not required. */
  send(text: string): Promise<unknown>;
  /** What the text is; without it there is none. */
  field?: { label: string; required: boolean };
  action: string;
  /** The class of the button. */
  tone?: 'plain' | 'primary' | 'bad';
  done(): unknown;
  children?: ComponentChildren;
}

/** Sends one text and what goes with it, and says what came of it. */
export function ActionForm({ send, field, action, tone = 'plain', done, children }: ActionFormProps) {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError>();

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await send(text.trim());
      setText('');
      setProblem(undefined);
      announce(`${action}: done`);
      await done();
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };

  return (
    <form class="action-form" onSubmit={submit}>
      {children}
      {field && (
        <label>
          {field.label}
          <textarea
            rows={2}
            required={field.required}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      )}
      <Failure problem={problem} />
      <button class={tone} disabled={busy}>
        {action}
      </button>
    </form>
  );
}
