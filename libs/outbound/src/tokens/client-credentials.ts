import { RetryableError } from '@countersign/contracts/problems';
import { millisOf, type Clock, type Millis } from '@countersign/contracts/time';
import { z } from 'zod';
import { KeptToken, type TokenSource } from './kept-token.js';

export interface ClientCredentialsOptions {
  /** Of the provider of identities. */
  endpoint: string;
  id: string;
  /** Read each time: it may be replaced. */
  secret(): string;
  /** The scope of the token, where the provider needs one. */
  scope?: string | undefined;
  /** Further parameters of the token request, such as `audience`. */
  parameters?: Readonly<Record<string, string>>;
  now: Clock;
  timeoutMs?: Millis;
}

const Answer = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.coerce.number().positive().default(60),
});

/** A token is asked for anew after this part of its time. */
const usedFor = 0.8;

/** Tokens of OAuth 2.0 by client credentials (RFC 6749, 4.4), each used until it is nearly over. */
export const clientCredentials = (options: ClientCredentialsOptions): TokenSource =>
  new KeptToken(async () => {
    const { access_token: value, expires_in } = await answerOf(options);
    return { value, forMs: millisOf(expires_in) * usedFor };
  }, options.now);

/** Whether what is sent there can be read by nobody on the way. */
export function isSentInSecret(url: string): boolean {
  const { hostname, protocol } = new URL(url);
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

async function answerOf(options: ClientCredentialsOptions): Promise<z.infer<typeof Answer>> {
  const { endpoint, id, secret, scope, parameters, timeoutMs = 10_000 } = options;
  const authorization = `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret())}`).toString('base64')}`;
  const asked = { ...parameters, ...(scope !== undefined && { scope }), grant_type: 'client_credentials' };
  const request = { method: 'POST', headers: { authorization, accept: 'application/json' } };
  const sent = { ...request, body: new URLSearchParams(asked), signal: AbortSignal.timeout(timeoutMs) };
  const [response, text] = await fetch(endpoint, { ...sent, redirect: 'error' })
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
