import { SignInRequest, type Me } from '@countersign/contracts/auth';
import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RequireScopes, Public } from '../http/access.js';
import { ApiKeys } from '../credentials/api-keys.js';
import { authenticationOf, type Authentication } from '../authenticator.js';
import { BrowserSessions, principalOfSession } from './browser-sessions.js';
import { refuseOtherOrigins } from './forgery.js';
import type { Identity } from '../principal.js';
import { Refusal } from '../http/refusal.js';
import { AccessEvents } from '../access-events/access-events.js';
import { clearSessionCookie, setSessionCookie } from './session-cookie.js';
import { SignInLinks } from './sign-in-links.js';

export const SignInQuery = z.object({ code: z.string().min(1).max(1000) });

/** Where browsers sign in and out. */
@Controller('auth')
export class SignInController {
  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(SignInLinks) private readonly links: SignInLinks,
    @Inject(BrowserSessions) private readonly sessions: BrowserSessions,
    @Inject(Refusal) private readonly refusal: Refusal,
    @Inject(AccessEvents) private readonly events: AccessEvents,
  ) {}

  /** A page of another origin must not sign anyone in as another user; a program that sends no origin is no page. */
  @Public()
  @Post('sign-in')
  @HttpCode(200)
  async signIn(
    @Body({ schema: SignInRequest }) { key }: z.infer<typeof SignInRequest>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Me> {
    if (request.headers.origin !== undefined) refuseOtherOrigins(request, request.headers.origin);
    const holder = await this.keys.identify(key);
    if (!holder) throw this.refusal.ofWrong(request, reply, 'This key is wrong, expired or revoked. Use another.');
    return this.#start(holder, 'key', request, reply);
  }

  /**
   * The browser goes on to a page that is public, since it does not send the new cookie where a link on another site
   * has led it; the page's own requests have it.
   */
  @Public()
  @Get('sign-in')
  async followLink(
    @Query({ schema: SignInQuery }) { code }: z.infer<typeof SignInQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    // Whoever only asks for the headers, such as a preview, must not use the code up.
    if (request.method === 'HEAD') return;
    const holder = await this.links.redeem(code);
    if (holder) await this.#start(holder, 'link', request, reply);
    else this.#refuseLink(request, reply);
    // Relative, since a proxy may have taken the beginning of the path away.
    const page = holder ? '../' : '../?link=refused';
    void reply.status(303).header('location', page).header('referrer-policy', 'no-referrer');
  }

  /** People get a page on which they can do something about it; one who tries many is not led anywhere. */
  #refuseLink(request: FastifyRequest, reply: FastifyReply): void {
    const refused = this.refusal.ofWrong(request, reply, 'This link was used or has expired. Ask for another.');
    const isBrowser = (request.headers.accept ?? '').includes('text/html');
    if (!isBrowser || refused.code !== 'credential_refused') throw refused;
  }

  @RequireScopes()
  @Post('sign-out')
  @HttpCode(204)
  async signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const { session } = authenticationOf(request)!;
    if (session) await this.sessions.end(session.id, this.events.signedOut(request));
    clearSessionCookie(request, reply);
  }

  @RequireScopes()
  @Get('me')
  me(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Me {
    void reply.header('cache-control', 'no-store');
    return meOf(authenticationOf(request)!);
  }

  async #start(
    holder: Identity & { key_id: string | null },
    by: 'key' | 'link',
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Me> {
    const { cookie, session } = await this.sessions.start(holder, this.events.signedIn(request, by));
    setSessionCookie(request, reply, cookie);
    void reply.header('cache-control', 'no-store');
    return meOf({ principal: principalOfSession(session), session });
  }
}

const meOf = ({
  principal: { subject, display_name, roles, groups, scopes },
  session,
}: Pick<Authentication, 'principal' | 'session'>): Me => ({
  subject,
  display_name,
  roles,
  groups,
  scopes: [...scopes],
  csrf_token: session?.csrf_token ?? null,
});
