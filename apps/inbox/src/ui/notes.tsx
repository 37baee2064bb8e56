import type { ApiError } from '@countersign/client';
import type { ComponentChildren } from 'preact';

type Tone = 'plain' | 'good' | 'bad' | 'warn';

/** Says something that has to be seen, and has screen readers say it. */
export function Note({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }) {
  return (
    <div class={`note ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

/** What failed and why, in the server's words, with a way to try again. */
export function Failure({ problem, retry }: { problem: ApiError | undefined; retry?: () => void }) {
  if (!problem) return null;
  return (
    <Note tone="bad">
      <p>{problem.detail}</p>
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.map(({ path, message }) => (
            <li key={path + message}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </Note>
  );
}

/** What stands where there is nothing to show. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

const tones: Record<string, string> = {
  pending: 'wait',
  PAUSED: 'wait',
  awaiting_report: 'wait',
  open: 'wait',
  approved: 'good',
  succeeded: 'good',
  COMPLETED: 'good',
  replayed: 'good',
  active: 'good',
  rejected: 'bad',
  failed: 'bad',
  ERROR: 'bad',
  outcome_unknown: 'unknown',
  running: 'busy',
  RUNNING: 'busy',
  reconciling: 'busy',
};

/** Where something stands. The word says it; the colour only helps. */
export function Status({ of }: { of: string }) {
  return <span class={`status ${tones[of] ?? 'plain'}`}>{of.toLowerCase().replaceAll('_', ' ')}</span>;
}
