import type { Millis } from '@countersign/contracts/time';
import { addressesOf, withQuery, type Query, type ServiceUrls } from './address.js';
import { ApiError, errorOf, unexpectedAnswer } from './api-error.js';
import type { Answers, ShapeName, Shapes } from '../shapes.js';

export interface ClientOptions {
  /**
   * Where Countersign is, such as `https://approvals.example`, or where each of its services is. Default: the origin of
   * the page, in a browser.
   */
  url?: string | ServiceUrls;
  /** A key or a token of an identity provider, or what has it ready. Unset: the cookie of a browser's session. */
  key?: string | undefined | (() => string | undefined | Promise<string | undefined>);
  /** The `csrf_token` of `auth.me()`, which changes need that are made with a session. */
  csrfToken?: () => string | null | undefined;
  /** How long an answer may take; streams and waiting requests have that much on top. Default: 30,000. */
  timeout_ms?: Millis;
  /**
   * `shapes` of `@countersign/client/shapes`: each answer is checked against its published schema, and an
   * `unexpected_answer` where it does not fit. Unset: answers are taken for what they should be, which needs no zod.
   */
  shapes?: Shapes;
  /** In place of the global `fetch`, such as one with a proxy. */
  fetch?: typeof globalThis.fetch;
}

export type Method = 'GET' | 'POST' | 'DELETE';

export interface RequestOptions {
  query?: Query | undefined;
  /** An object is sent as JSON, the others as a form. */
  body?: object | FormData | URLSearchParams | undefined;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** In place of that of the client; Infinity for none. */
  timeout_ms?: Millis;
}

const usualTimeout = 30_000;
/** A timer cannot be longer. */
const longestTimeout = 2 ** 31 - 1;

/** Makes requests with a credential, and reads answers. */
export class Transport {
  readonly #options: ClientOptions;
  readonly #addressOf: (path: string) => string;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#addressOf = addressesOf(options.url ?? '');
  }

  get timeout_ms(): number {
    return this.#options.timeout_ms ?? usualTimeout;
  }

  /** An answer of a known shape. @throws ApiError */
  async ask<N extends ShapeName>(
    shape: N,
    method: Method,
    path: string,
    options?: RequestOptions,
  ): Promise<Answers[N]> {
    return this.shaped(shape, await this.read(method, path, options), path);
  }

  /** The same with an end to it. */
  limited(options: RequestOptions = {}): RequestOptions {
    const limit = AbortSignal.timeout(Math.min(options.timeout_ms ?? this.timeout_ms, longestTimeout));
    return { ...options, signal: options.signal ? AbortSignal.any([limit, options.signal]) : limit };
  }

  /** What is in an answer; undefined for nothing. @throws ApiError */
  async read(method: Method, path: string, options: RequestOptions = {}): Promise<unknown> {
    const response = await this.open(method, path, this.limited(options));
    const text = await response.text().catch((error: unknown) => {
      throw this.#noAnswer(path, options.signal, error);
    });
    if (text === '') return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw unexpectedAnswer(path, cause);
    }
  }

  /** An answer that is good, however long it takes to read. @throws ApiError */
  async open(method: Method, path: string, options: RequestOptions = {}): Promise<Response> {
    const response = await this.fetch(method, path, options);
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  /** Any answer, without a look at it. @throws ApiError when there is none, and the reason of the signal when it aborts */
  async fetch(
    method: Method,
    path: string,
    { query = {}, body, headers, signal }: RequestOptions = {},
  ): Promise<Response> {
    const { fetch = globalThis.fetch } = this.#options;
    const isForm = body instanceof FormData || body instanceof URLSearchParams;
    const credentials = await this.#credentials(method);
    try {
      return await fetch(this.#addressOf(withQuery(path, query)), {
        method,
        headers: {
          ...credentials,
          ...(body && !isForm && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { body: isForm ? body : JSON.stringify(body) }),
        ...(signal && { signal }),
      });
    } catch (error) {
      throw this.#noAnswer(path, signal, error);
    }
  }

  /** Something as its schema has it, where there are schemas. @throws ApiError `unexpected_answer` */
  shaped<N extends ShapeName>(shape: N, value: unknown, from: string): Answers[N] {
    const parsed = this.#options.shapes?.[shape].safeParse(value);
    if (parsed?.error) throw unexpectedAnswer(from, parsed.error);
    return (parsed ? parsed.data : value) as Answers[N];
  }

  async #credentials(method: Method): Promise<Record<string, string>> {
    const { key, csrfToken } = this.#options;
    const bearer = typeof key === 'function' ? await key() : key;
    const csrf = method === 'GET' ? undefined : csrfToken?.();
    return {
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...(csrf != null && { 'x-csrf-token': csrf }),
    };
  }

  /** Why there is no answer. An abort by the caller is reported as such. */
  #noAnswer(path: string, signal: AbortSignal | undefined, cause: unknown): unknown {
    const reason: unknown = signal?.aborted ? signal.reason : cause;
    const isLate = reason instanceof Error && reason.name === 'TimeoutError';
    if (signal?.aborted && !isLate) return reason;
    const where = this.#addressOf(path);
    return isLate
      ? new ApiError(`${where} does not answer.`, { status: 0, code: 'timeout' }, { cause })
      : new ApiError(`${where} cannot be reached.`, { status: 0, code: 'unreachable' }, { cause });
  }
}
