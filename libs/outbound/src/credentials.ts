import { isDeepStrictEqual } from 'node:util';
import type { TokenSource } from './tokens/kept-token.js';

/** What others know us by: the headers of a request, or the environment of a program. */
export interface Shown {
  values: Record<string, string>;
  token: string | undefined;
}

/** What others know us by, which may be replaced at any time. */
export class Credentials<Of extends unknown[] = []> {
  /** @param values as they are now, without the token */
  constructor(
    private readonly values: (...of: Of) => Record<string, string>,
    private readonly tokens?: TokenSource,
  ) {}

  /** As they are now. @throws NoToken, and what is wrong with the values */
  async now(...of: Of): Promise<Shown> {
    const token = await this.tokens?.token();
    return {
      values: { ...this.values(...of), ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      token,
    };
  }

  /** Others than these, which were refused; undefined when there are none. */
  async instead(shown: Shown, ...of: Of): Promise<Shown | undefined> {
    if (shown.token !== undefined) this.tokens?.refuse(shown.token);
    const others = await this.now(...of).catch(() => shown);
    return isDeepStrictEqual(others, shown) ? undefined : others;
  }
}
