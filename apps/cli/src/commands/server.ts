import { Problem } from '@countersign/contracts';
import { z } from 'zod';
import { withCommand } from '../connection/hints.js';
import type { Connection } from '../connection/connection.js';
import { exitCodeOf, exitCodes, Failure } from '../connection/exit-codes.js';

/** What a question may say besides its path; a value that is undefined is left out. */
type Query = Record<string, string | number | boolean | undefined>;

export interface Request {
  method?: 'GET' | 'POST' | 'DELETE';
  query?: Query;
  body?: object;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

const patience = 30_000;

/** A running approval service, or all of Countersign, and who asks it. */
export class Server {
  readonly url: string;
  readonly #key: string | undefined;

  constructor({ url, key }: Connection) {
    this.url = url;
    this.#key = key;
  }

  /** @throws Failure with what the server said, when it refuses. */
  get<S extends z.ZodType>(shape: S, path: string, query: Query = {}): Promise<z.infer<S>> {
    return this.#ask(shape, path, { query });
  }

  post<S extends z.ZodType>(shape: S, path: string, body: object): Promise<z.infer<S>> {
    return this.#ask(shape, path, { method: 'POST', body });
  }

  delete<S extends z.ZodType>(shape: S, path: string): Promise<z.infer<S>> {
    return this.#ask(shape, path, { method: 'DELETE' });
  }

  /** An answer that is good, however long it takes to read. @throws Failure */
  async open(path: string, request: Request = {}): Promise<Response> {
    if (this.#key === undefined) throw noKey(this.url);
    const response = await this.fetch(path, request);
    if (!response.ok) throw await refusal(response, this.url);
    return response;
  }

  /** Any answer, without a look at it. @throws Failure when there is none. */
  async fetch(path: string, { method = 'GET', query = {}, body, headers, signal }: Request = {}): Promise<Response> {
    try {
      return await fetch(addressOf(this.url + path, query), {
        method,
        headers: {
          ...(this.#key !== undefined && { authorization: `Bearer ${this.#key}` }),
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
    } catch (error) {
      throw unreachable(this.url, error);
    }
  }

  async #ask<S extends z.ZodType>(shape: S, path: string, request: Request): Promise<z.infer<S>> {
    const response = await this.open(path, { ...request, signal: AbortSignal.timeout(patience) });
    const parsed = shape.safeParse(response.status === 204 ? undefined : await jsonOf(response));
    if (parsed.success) return parsed.data;
    throw new Failure(
      exitCodes.failed,
      `${this.url} answered ${path} in a way that this countersign does not understand. Are both of the same version?`,
      { cause: parsed.error },
    );
  }
}

/** A path whose parts may hold any characters. */
export const pathOf = (strings: TemplateStringsArray, ...parts: string[]): string =>
  String.raw({ raw: strings }, ...parts.map(encodeURIComponent));

function addressOf(url: string, query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size > 0 ? `${url}?${given}` : url;
}

const jsonOf = (response: Response): Promise<unknown> => response.json().catch(() => undefined);

async function refusal(response: Response, url: string): Promise<Failure> {
  const problem = Problem.safeParse(await jsonOf(response));
  const code = exitCodeOf(response.status);
  if (!problem.success) return new Failure(code, `${url} answered ${response.status}. Is it Countersign? See --url.`);
  return new Failure(code, withCommand(problem.data.detail, problem.data.hint));
}

const noKey = (url: string) =>
  new Failure(exitCodes.forbidden, `There is no key for ${url}. Sign in: countersign login --url ${url}`);

function unreachable(url: string, cause: unknown): Failure {
  if (!URL.canParse(url)) return new Failure(exitCodes.usage, `"${url}" is no URL. Say it as http://host:port.`);
  const isLate = cause instanceof Error && cause.name === 'TimeoutError';
  const what = isLate ? `${url} does not answer.` : `${url} cannot be reached.`;
  return new Failure(exitCodes.unreachable, `${what} Is it running (npm start)? --url names another.`, { cause });
}
