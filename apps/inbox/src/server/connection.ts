import { jitteredBackoffMs, type Approval } from '@countersign/contracts';
import { signal } from '@preact/signals';
import { me } from './request.js';
import { recognise } from './session.js';

/** `away`: the server cannot be reached; it is tried again until it can. */
export const connection = signal<'connecting' | 'open' | 'away'>('connecting');

/** Counts how often something may have been missed, so that all that is shown has to be read again. */
export const revision = signal(0);

/** An approval as it is now; one that was removed has only its id. */
export type ApprovalChange = { id: string; approval?: Approval };
type Listener = (change: ApprovalChange) => void;

const listeners = new Set<Listener>();
const backoff = { first_ms: 2_000, longest_ms: 60_000 };
let retries = 0;
let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;

/** @returns how to stop listening. */
export function onApproval(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the approvals. A page that nobody looks at lets go: browsers have few connections to one server. */
export function connect(): () => void {
  const follow = () => (document.hidden ? close() : source || open());
  follow();
  document.addEventListener('visibilitychange', follow);
  return () => {
    document.removeEventListener('visibilitychange', follow);
    close();
    connection.value = 'connecting';
  };
}

function open(): void {
  const stream = new EventSource('/approvals/stream');
  source = stream;
  stream.addEventListener('open', () => {
    if (connection.peek() !== 'connecting') revision.value += 1;
    connection.value = 'open';
    retries = 0;
  });
  stream.addEventListener('error', () => {
    connection.value = 'away';
    if (stream.readyState !== EventSource.CLOSED) return;
    close();
    retry = setTimeout(() => void recognise().then(() => me.peek() && open()), jitteredBackoffMs(backoff, retries++));
  });
  stream.addEventListener('approval', ({ data }) => {
    const approval = JSON.parse(data as string) as Approval;
    tell({ id: approval.id, approval });
  });
  stream.addEventListener('removed', ({ data }) => tell(JSON.parse(data as string) as ApprovalChange));
}

function close(): void {
  clearTimeout(retry);
  source?.close();
  source = undefined;
}

const tell: Listener = (change) => listeners.forEach((listener) => listener(change));
