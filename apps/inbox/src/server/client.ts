import { ApiError, CountersignClient } from '@countersign/client';
import type { Me } from '@countersign/contracts/auth';
import { signal } from '@preact/signals';
import { server } from './server.js';

/** undefined until it is known, null when signed out. */
export const me = signal<Me | null | undefined>(undefined);

/** The server that the page is from, as whoever is signed in. */
export const client = new CountersignClient({
  url: server,
  csrfToken: () => me.peek()?.csrf_token,
  async fetch(input, init) {
    const response = await fetch(input, init);
    if (response.status === 401 && me.peek()) me.value = null;
    return response;
  },
});

/** What went wrong, to be shown to people. */
export function problemOf(error: unknown): ApiError {
  if (error instanceof ApiError && error.status !== 0) return error;
  const { code, detail } =
    error instanceof ApiError && error.code === 'unexpected_answer'
      ? error
      : { code: 'unreachable', detail: 'The server does not answer. What you see may be old; try again in a moment.' };
  return new ApiError(detail, { status: 0, code }, { cause: error });
}

/** The same in a sentence. */
export const wordsOf = (error: unknown): string =>
  error instanceof ApiError ? problemOf(error).detail : error instanceof Error ? error.message : String(error);
