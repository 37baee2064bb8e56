import { ProblemError } from '@countersign/contracts/problems';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKeys } from './credentials/api-keys.js';
import { principalOfSession, type BrowserSession, type BrowserSessions } from './sign-in/browser-sessions.js';
import { refuseForgery } from './sign-in/forgery.js';
import type { JwtVerifier } from './identity-provider/jwt.js';
import type { CredentialWatch, Watched } from './credentials/credential-watch.js';
import type { Principal } from './principal.js';
import type { Refusal } from './http/refusal.js';
import { clearSessionCookie, sessionCookieOf } from './sign-in/session-cookie.js';

/** Who makes a request, and the session when it came with one. */
export interface Authentication {
  principal: Principal;
  session: BrowserSession | null;
  /** For what goes on after the request was let in. */
  watch(): Watched;
}

const authentication = Symbol('countersign:authentication');
const recognising = Symbol('countersign:recognising');
type Recognised = FastifyRequest & {
  [authentication]?: Authentication;
  [recognising]?: Promise<Authentication>;
};

/** What was found out about a request; undefined on a public route. */
export const authenticationOf = (request: FastifyRequest): Authentication | undefined =>
  (request as Recognised)[authentication];

/**
 * Waits for something on behalf of whoever makes the request, and no longer than their credential holds.
 *
 * @throws ProblemError credential_ended, when it has ended meanwhile.
 */
export async function whileAuthorised<T>(
  request: FastifyRequest,
  wait: (ended: AbortSignal) => Promise<T>,
): Promise<T> {
  const { ended, release } = authenticationOf(request)!.watch();
  try {
    const found = await wait(ended);
    if (ended.aborted) throw new ProblemError('credential_ended', 'Your key or login has ended. Use another.');
    return found;
  } finally {
    release();
  }
}

export interface AuthenticatorOptions {
  keys: ApiKeys;
  /** Undefined when no tokens of a provider are taken. */
  jwt: JwtVerifier | undefined;
  sessions: BrowserSessions;
  watch: CredentialWatch;
  refusal: Refusal;
}

/** Finds out who makes a request: from its bearer token, else from its cookie. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Asks once for each request. @throws ProblemError */
  async authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Authentication> {
    const asked = request as Recognised;
    // A wrong credential is counted once, however many ask who this is.
    asked[recognising] ??= this.#recognise(request, reply);
    return (asked[authentication] = await asked[recognising]);
  }

  async #recognise(request: FastifyRequest, reply: FastifyReply): Promise<Authentication> {
    const token = bearerIn(request.headers.authorization);
    if (token !== undefined) return this.#byToken(token, request, reply);
    const cookie = sessionCookieOf(request);
    if (cookie !== undefined) return this.#byCookie(cookie, request, reply);
    const detail = 'This needs credentials. Send a key or a token as `Authorization: Bearer …`, or sign in.';
    throw this.#options.refusal.unauthenticated(reply, 'unauthenticated', detail);
  }

  async #byToken(token: string, request: FastifyRequest, reply: FastifyReply): Promise<Authentication> {
    const { keys, jwt, refusal } = this.#options;
    const principal = (await keys.verify(token)) ?? (isJwt(token) ? await jwt?.verify(token) : undefined);
    if (principal) return this.#let(request, principal, null);
    throw refusal.ofWrong(request, reply, 'This key or token is wrong, expired or revoked. Use another.');
  }

  /** A browser sends a cookie until it is cleared, so one whose session has ended is no attempt at anything. */
  async #byCookie(cookie: string, request: FastifyRequest, reply: FastifyReply): Promise<Authentication> {
    const { sessions, refusal } = this.#options;
    const session = await sessions.verify(cookie);
    if (!session) {
      clearSessionCookie(request, reply);
      throw refusal.unauthenticated(reply, 'credential_ended', 'Your session has ended. Sign in again.');
    }
    refuseForgery(request, session);
    return this.#let(request, principalOfSession(session), session);
  }

  #let({ ip }: FastifyRequest, known: Principal, session: BrowserSession | null): Authentication {
    const principal = { ...known, address: ip };
    return { principal, session, watch: () => this.#options.watch.watch(principal) };
  }
}

const bearerIn = (header = ''): string | undefined => /^Bearer +(\S+) *$/i.exec(header)?.[1];

const isJwt = (token: string): boolean => token.split('.').length === 3;
