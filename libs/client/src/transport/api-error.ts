import type { Hint, Problem } from '@countersign/contracts/problems';
import { secondsOf, type Seconds } from '@countersign/contracts/time';

/** What an {@link ApiError} says besides its detail. */
export interface ApiErrorFields {
  status: number;
  code: string;
  type?: string;
  hint?: Hint | undefined;
  retryAfter?: Seconds | undefined;
  errors?: NonNullable<Problem['errors']> | undefined;
}

/**
 * An answer that is not the one hoped for, or none at all. Servers answer with problems of RFC 9457; programs branch on
 * `code`, and people read `detail`.
 *
 * What this client finds itself has a code of its own: `unreachable` (no connection, or it broke), `connection_lost` (and did
 * not come back), `timeout`, `unexpected_answer` (not what this version of the client knows), `unexplained` (an answer that is
 * not good and no problem), and `http_<status>` for a problem without a code.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The status of the answer; 0 when there was none that can be used. */
  readonly status: number;
  /** What is wrong, for programs; it never changes its meaning. */
  readonly code: string;
  /** The same as a URI; `about:blank` where the server names none. */
  readonly type: string;
  /** What to do about it, where there is something. */
  readonly hint: Hint | undefined;
  /** Seconds after which another attempt makes sense, where the server says so. */
  readonly retryAfter: Seconds | undefined;
  /** What is wrong with each part of the request; empty unless that is what is wrong. */
  readonly errors: NonNullable<Problem['errors']>;

  constructor(
    /** What is wrong, for people. */
    readonly detail: string,
    { status, code, type = 'about:blank', hint, retryAfter, errors = [] }: ApiErrorFields,
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.status = status;
    this.code = code;
    this.type = type;
    this.hint = hint;
    this.retryAfter = retryAfter;
    this.errors = errors;
  }

  /** Whether the same request may well succeed a little later. */
  get isTemporary(): boolean {
    return temporary.has(this.status) && this.code !== 'unexpected_answer';
  }
}

/** 0 is no answer. */
const temporary = new Set([0, 408, 429, 502, 503, 504]);

/** What an answer that is not good says. */
export async function errorOf(response: Response): Promise<ApiError> {
  const { status, url } = response;
  const retryAfter = secondsUntil(response.headers.get('retry-after'));
  const body: unknown = await response.json().catch(() => undefined);
  const { detail, title, code, type, hint, errors } = isProblem(body) ? body : {};
  return new ApiError(detail || title || `${url} answered ${status} and did not say why.`, {
    status,
    code: code ?? (detail || title ? `http_${status}` : 'unexplained'),
    retryAfter,
    ...(type !== undefined && { type }),
    hint,
    errors,
  });
}

const isProblem = (body: unknown): body is Partial<Problem> => typeof body === 'object' && body !== null;

/** `Retry-After` is seconds or a date. */
function secondsUntil(text: string | null): Seconds | undefined {
  if (text === null) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : secondsOf(Date.parse(text) - Date.now());
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** An answer that is good, and makes no sense. */
export const unexpectedAnswer = (path: string, cause?: unknown): ApiError =>
  new ApiError(
    `${path} was answered in a way that this client does not understand. Are both of the same version?`,
    { status: 0, code: 'unexpected_answer' },
    { cause },
  );
