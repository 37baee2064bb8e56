import type { RunOutput } from '@countersign/contracts';
import { signal } from '@preact/signals';
import { change, me, read, ServerProblem, wordsOf, type Me } from './request.js';

/** Why it is not known who is signed in, if the server could not say. */
export const unreachable = signal<string | null>(null);

/** Asks the server who is signed in. */
export async function recognise(): Promise<void> {
  try {
    me.value = await read<Me>('/auth/me');
    unreachable.value = null;
  } catch (error) {
    if (error instanceof ServerProblem && error.status === 401) me.value = null;
    else if (!me.peek()) unreachable.value = wordsOf(error);
  }
}

/** @throws ServerProblem when the key is wrong. */
export async function signIn(key: string): Promise<void> {
  me.value = await change<Me>('POST', '/auth/sign-in', { key });
}

export async function signOut(): Promise<void> {
  await change('POST', '/auth/sign-out');
  me.value = null;
}

/** Whether whoever is signed in may do this, such as `approvals:write`. */
export const may = (scope: string): boolean => me.value?.scopes.includes(scope) ?? false;

/** Whether a run is theirs to change: other roles show more runs, and let nobody change them. */
export const mayChange = ({ user_id, requested_by }: Pick<RunOutput, 'user_id' | 'requested_by'>): boolean =>
  may('runs:write') && (me.value!.roles.includes('admin') || [user_id, requested_by].includes(me.value!.subject));
