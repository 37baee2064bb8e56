import type { ApprovalEvent } from '@countersign/client';
import type { Approval } from '@countersign/contracts/approvals';
import { jitteredBackoffMs } from '@countersign/contracts/time';
import { signal } from '@preact/signals';
import { client, me } from './client.js';
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
/** Ends what is followed now, and what would follow it. */
let following: AbortController | undefined;

/** @returns how to stop listening. */
export function onApproval(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Streams the approvals. A hidden page disconnects: browsers have few connections to one server. */
export function connect(): () => void {
  const follow = () => (document.hidden ? close() : following || open());
  follow();
  document.addEventListener('visibilitychange', follow);
  return () => {
    document.removeEventListener('visibilitychange', follow);
    close();
    connection.value = 'connecting';
  };
}

function open(): void {
  following = new AbortController();
  void listen(following.signal);
}

async function listen(signal: AbortSignal): Promise<void> {
  try {
    for await (const event of client.approvals.stream({ signal, onState }))
      if (!signal.aborted) notify(changeIn(event));
  } catch {
    if (signal.aborted) return;
    connection.value = 'away';
    const reconnect = () => void recognise().then(() => (signal.aborted || !me.peek() ? undefined : listen(signal)));
    const retry = setTimeout(reconnect, jitteredBackoffMs(backoff, retries++));
    signal.addEventListener('abort', () => clearTimeout(retry));
  }

  function onState(state: 'open' | 'lost'): void {
    if (signal.aborted) return;
    if (state === 'open') {
      if (connection.peek() !== 'connecting') revision.value += 1;
      retries = 0;
    }
    connection.value = state === 'open' ? 'open' : 'away';
  }
}

function close(): void {
  following?.abort();
  following = undefined;
}

const changeIn = ({ event, data }: ApprovalEvent): ApprovalChange =>
  event === 'approval' ? { id: data.id, approval: data } : { id: data.id };

const notify: Listener = (change) => listeners.forEach((listener) => listener(change));
