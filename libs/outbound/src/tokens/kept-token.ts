import { after, type Clock, type EpochMillis, type Millis } from '@countersign/contracts/time';

/** Where the tokens come from that others are shown. */
export interface TokenSource {
  /** @throws RetryableError while there is none; another error when there will be none */
  token(): Promise<string>;
  /** Whoever was shown it does not take it: the next is a new one. */
  refuse(token: string): void;
}

/** A token that is used for its time, and got once for all who want it. */
export class KeptToken implements TokenSource {
  #token: { value: string; until: EpochMillis } | undefined;
  #getting: Promise<string> | undefined;

  /** @param get a new token, and how long it is to be used */
  constructor(
    private readonly get: () => Promise<{ value: string; forMs: Millis }>,
    private readonly now: Clock,
  ) {}

  token(): Promise<string> {
    if (this.#token && this.#token.until > this.now()) return Promise.resolve(this.#token.value);
    this.#getting ??= this.#get().finally(() => (this.#getting = undefined));
    return this.#getting;
  }

  refuse(token: string): void {
    if (this.#token?.value === token) this.#token = undefined;
  }

  async #get(): Promise<string> {
    const asked = this.now();
    const { value, forMs } = await this.get();
    this.#token = { value, until: after(asked, forMs) };
    return value;
  }
}
