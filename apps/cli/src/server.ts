import type { Problem } from '@countersign/contracts';
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { Surroundings } from './program.js';

export interface ServerOptions {
  url?: string;
  key?: string;
}

/** A running approval service, or all of Countersign, and who asks. */
export class Server {
  readonly #url: string;
  readonly #key: string;

  constructor({ url, key }: ServerOptions, { env }: Surroundings) {
    this.#url = (url ?? env['COUNTERSIGN_URL'] ?? 'http://127.0.0.1:4000').replace(/\/$/, '');
    this.#key = key ?? env['COUNTERSIGN_KEY'] ?? adminKey();
  }

  /** @throws Error with what the server said, when it refuses. */
  async ask<S extends z.ZodType>(shape: S, method: string, path: string, body?: object): Promise<z.infer<S>> {
    const response = await fetch(this.#url + path, {
      method,
      headers: { authorization: `Bearer ${this.#key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new Error(`${this.#url} cannot be reached. Name another with --url.`, { cause: error });
    });
    const answer = response.status === 204 ? undefined : ((await response.json()) as unknown);
    if (!response.ok) throw new Error((answer as Problem).detail);
    return shape.parse(answer);
  }
}

/** The key that `npm start` keeps. */
function adminKey(): string {
  try {
    return readFileSync('.countersign/admin.key', 'utf8').trim();
  } catch {
    throw new Error('There is no key: give one with --key, COUNTERSIGN_KEY or in .countersign/admin.key.');
  }
}
