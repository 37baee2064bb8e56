import { RetryableError } from '@countersign/contracts/problems';
import { after, millisOf, type Clock, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { z } from 'zod';

export interface ClientCredentialsOptions {
  /** Of the provider of identities. */
  endpoint: string;
  id: string;
  secret: string;
  /** The scope of the token, where the provider needs one. */
  scope?: string | undefined;
  now: Clock;
  timeoutMs?: Millis;
}

const Answer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.coerce.number().positive().default(60),
});

/** A token is asked for anew after this part of its time. */
const usedFor = 0.8;

/** Tokens of OAuth 2.0 by client credentials (RFC 6749, 4.4), each used until it is nearly over. */
export class ClientCredentials {
  #token: { value: string; until: EpochMillis } | undefined;
  #asking: Promise<string> | undefined;

  constructor(private readonly options: ClientCredentialsOptions) {}

  /** @throws RetryableError while the provider is away; another error when it refuses */
  token(): Promise<string> {
    if (this.#token && this.#token.until > this.options.now()) return Promise.resolve(this.#token.value);
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(): Promise<string> {
    const { now } = this.options;
    const asked = now();
    const { access_token, expires_in } = await this.#answer();
    this.#token = { value: access_token, until: after(asked, millisOf(expires_in) * usedFor) };
    return access_token;
  }

  async #answer(): Promise<z.infer<typeof Answer>> {
    const { endpoint, id, secret, scope, timeoutMs = 10_000 } = this.options;
    const authorization = `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')}`;
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) });
    const signal = AbortSignal.timeout(timeoutMs);
    const request = { method: 'POST', headers: { authorization, accept: 'application/json' }, body, signal };
    const [response, text] = await fetch(endpoint, { ...request, redirect: 'error' })
      .then(async (answer) => [answer, await answer.text()] as const)
      .catch((cause: unknown) => {
        throw new RetryableError(`${endpoint} cannot be reached for a token`, { cause });
      });
    if (response.status === 429 || response.status >= 500)
      throw new RetryableError(`${endpoint} answered ${response.status} to the request for a token`);
    const { data, error } = Answer.safeParse(jsonIn(text));
    if (response.ok && data) return data;
    const { data: refusal } = Refusal.safeParse(jsonIn(text));
    const why = response.ok ? `no token: ${error?.issues[0]?.path.join('.')}` : (refusal?.error ?? 'no reason');
    throw new Error(`${endpoint} answered ${response.status} to the request for a token: ${why}`);
  }
}

/** Only the error code of a refusal is reported: the rest may repeat the secret. */
const Refusal = z.object({ error: z.string().regex(/^[\w.-]{1,60}$/) });

/** As forms are encoded, which RFC 6749 wants of both (2.3.1). */
const encoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
