import type { Problem } from '@countersign/contracts';
import { signal } from '@preact/signals';

/** Who is signed in, as `GET /auth/me` says it. */
export interface Me {
  subject: string;
  /** The subject as it was given, to be shown and never compared. */
  display_name: string;
  roles: string[];
  groups: string[];
  scopes: string[];
  csrf_token: string | null;
}

/** undefined until it is known, null for nobody. */
export const me = signal<Me | null | undefined>(undefined);

/** An answer that is not the one hoped for, in the server's own words; status 0: there was no answer. */
export class ServerProblem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly errors: NonNullable<Problem['errors']> = [],
  ) {
    super(detail);
  }
}

type Query = Record<string, string | number | undefined>;

/** A path with those parameters that have a value. */
export function pathWith(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** @throws ServerProblem */
export const read = <T>(path: string, abort?: AbortSignal): Promise<T> =>
  send<T>(path, { method: 'GET', ...(abort && { signal: abort }) });

/** Changes something. @throws ServerProblem */
export const change = <T>(
  method: 'POST' | 'DELETE',
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<T> =>
  send<T>(path, {
    method,
    headers: {
      ...headers,
      ...(body && { 'content-type': 'application/json' }),
      ...(me.peek()?.csrf_token && { 'x-csrf-token': me.peek()!.csrf_token! }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });

async function send<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, init).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    throw new ServerProblem(0, 'The server does not answer. What you see may be old; try again in a moment.');
  });
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  if (response.status === 401 && me.peek()) me.value = null;
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<ServerProblem> {
  try {
    const { detail, title, errors } = (await response.json()) as Problem;
    return new ServerProblem(response.status, detail || title, errors);
  } catch {
    return new ServerProblem(response.status, `The server answered ${response.status} and did not say why.`);
  }
}

/** What went wrong, in words for people. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
