import { useRef, useState } from 'preact/hooks';
import { query } from './navigation.js';
import { addressOf } from './routes.js';
import { wordsOf } from './server/client.js';
import { signIn, unreachable, recognise } from './server/session.js';
import { Note } from './ui/notes.js';

/** Without a session. */
export function SignIn() {
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(input.current!.value.trim());
    } catch (error) {
      setProblem(wordsOf(error));
      input.current?.focus();
    }
    setBusy(false);
  };

  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <Brand />
        <h1>Sign in</h1>
        <p>Use a sign-in link or an API key. The key is stored in this browser only if you choose so.</p>
        {!problem && query.value.get('link') === 'refused' && (
          <Note tone="bad">This link was used or has expired. Ask for another, or use a key.</Note>
        )}
        {problem && <Note tone="bad">{problem}</Note>}
        <label for="key">Key</label>
        <input
          id="key"
          ref={input}
          type="password"
          autoComplete="current-password"
          required
          autoFocus
          spellcheck={false}
        />
        <button class="primary" disabled={busy}>
          Sign in
        </button>
        <details>
          <summary>Where do I get a key?</summary>
          <p>
            <code>npm start</code> prints a link that signs you in once, and keeps an administrator’s key in{' '}
            <code>.countersign/admin.key</code>. An administrator makes others with{' '}
            <code>npm run cli -- keys create</code>.
          </p>
        </details>
      </form>
    </main>
  );
}

/** While the server cannot say who is signed in. */
export function Unreachable() {
  return (
    <main class="sign-in">
      <Brand />
      <Note tone="bad">
        <p>{unreachable}</p>
        <button type="button" onClick={() => void recognise()}>
          Try again
        </button>
      </Note>
    </main>
  );
}

export const Brand = () => (
  <a class="brand" href={addressOf('inbox')}>
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M8 17.5l5.2 5.2L24.5 10" />
    </svg>
    Countersign
  </a>
);
