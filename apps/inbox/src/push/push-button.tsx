import { useEffect, useState } from 'preact/hooks';
import { wordsOf } from '../server/client.js';
import { may } from '../server/session.js';
import { announce } from '../ui/page.js';
import { begin, leave, pushing, recognisePush } from './browser-push.js';

/** Has this browser tell whoever is signed in of what waits for them, also while no page is open. */
export function PushButton() {
  const [busy, setBusy] = useState(false);
  const state = pushing.value;
  const mayDecide = may('approvals:write');
  useEffect(() => {
    if (mayDecide) void recognisePush().catch(() => undefined);
  }, [mayDecide]);
  if (!mayDecide || state === 'unavailable') return null;
  const press = async () => {
    setBusy(true);
    try {
      await (state === 'on' ? leave() : begin());
      announce(words[pushing.peek()]);
    } catch (error) {
      announce(wordsOf(error));
    }
    setBusy(false);
  };
  return (
    <button
      type="button"
      class="quiet bell"
      aria-label="Notify me in this browser"
      aria-pressed={state === 'on'}
      disabled={busy || state === 'blocked'}
      title={words[state]}
      onClick={() => void press()}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d="M8 2a4 4 0 0 0-4 4v2.6L2.8 11.5h10.4L12 8.6V6a4 4 0 0 0-4-4Z" />
        <path d="M6.5 13.5a1.5 1.5 0 0 0 3 0" />
        {state === 'blocked' && <path d="m2 2 12 12" />}
      </svg>
    </button>
  );
}

const words = {
  unavailable: '',
  off: 'This browser does not tell you of approvals.',
  on: 'This browser tells you of approvals until you sign out.',
  blocked: 'This browser does not let this site notify you: its settings say otherwise.',
};
