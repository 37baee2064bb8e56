import { ApiError } from '@countersign/client';
import type { Me } from '@countersign/contracts/auth';
import type { RunOutput } from '@countersign/contracts/runs';
import { signal } from '@preact/signals';
import { leave } from '../push/browser-push.js';
import { standsInFor } from './stands-in-for.js';
import { client, me, wordsOf } from './client.js';

/** Why it is not known who is signed in, if the server could not say. */
export const unreachable = signal<string | null>(null);

/** Asks the server who is signed in. */
export async function recognise(): Promise<void> {
  try {
    me.value = await client.auth.me();
    unreachable.value = null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) me.value = null;
    else if (!me.peek()) unreachable.value = wordsOf(error);
  }
}

/** @throws ApiError when the key is wrong. */
export async function signIn(key: string): Promise<void> {
  me.value = await client.auth.signIn(key);
}

export async function signOut(): Promise<void> {
  await leave();
  await client.auth.signOut();
  me.value = null;
}

/** Whether whoever is signed in may do this, such as `approvals:write`. */
export const may = (scope: string): boolean => me.value?.scopes.some((each) => each === scope) ?? false;

/** Whoever looks at a list, for `isInView`. */
export const viewerOf = ({ subject, groups, scopes }: Me) => ({
  subject,
  groups,
  standsInFor: standsInFor(),
  mayDecide: scopes.includes('approvals:write'),
});

/** Whether a run is theirs to change: other roles show more runs, read-only. */
export const mayChange = ({ user_id, requested_by }: Pick<RunOutput, 'user_id' | 'requested_by'>): boolean =>
  may('runs:write') && (me.value!.roles.includes('admin') || [user_id, requested_by].includes(me.value!.subject));
