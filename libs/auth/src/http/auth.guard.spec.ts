import { parseEventData } from '@countersign/contracts';
import { Role } from '@countersign/contracts/auth';
import { RetryableError } from '@countersign/contracts/problems';
import type { ExecutionContext } from '@nestjs/common';
import { Body, Controller, Delete, Get, Post } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RequireScopes, Public, Recorded, CurrentPrincipal } from './access.js';
import { bearer, openApp, type App } from '../../test/auth.fixtures.js';
import { AuthGuard } from './auth.guard.js';
import {
  audience,
  issuer,
  signingKey,
  startIdentityProvider,
  tokenOf,
  type IdentityProvider,
  type SigningKey,
} from '../../test/identity-provider.fixtures.js';
import { type Principal } from '../principal.js';
import { undeclaredRoutes } from './declared-routes.js';

@Controller('things')
class ThingsController {
  @Get('public')
  @Public()
  open(): string {
    return 'for everybody';
  }

  @Get('known')
  @RequireScopes()
  known(@CurrentPrincipal() who: Principal): object {
    return { ...who, scopes: [...who.scopes] };
  }

  @Get()
  @RequireScopes('approvals:read')
  list(): string {
    return 'things';
  }

  @Post()
  @RequireScopes('approvals:write', 'runs:write')
  make(@Body() body: object): object {
    return body;
  }

  @Get('forgotten')
  forgotten(): string {
    return 'for nobody';
  }

  @Get('mistaken')
  @Public()
  mistaken(@CurrentPrincipal() who: Principal): string {
    return who.subject;
  }
}

@Controller('recorded')
class RecordedController {
  @Post(':id')
  @Recorded()
  @RequireScopes('approvals:write')
  use(): string {
    return 'used';
  }
}

@Controller('declared')
@RequireScopes('keys:write')
class DeclaredController {
  @Get()
  inherited(): string {
    return 'as the class says';
  }

  @Delete(':id')
  @RequireScopes('approvals:delete')
  own(): string {
    return 'as it says itself';
  }

  @Get('open')
  @Public()
  open(): string {
    return 'for everybody';
  }
}

describe('the guard', () => {
  let key: SigningKey;
  let provider: IdentityProvider;
  let app: App;
  let keys: Record<Role, string>;
  beforeAll(async () => {
    key = await signingKey('one');
    provider = await startIdentityProvider([key]);
    app = await openApp([ThingsController, DeclaredController, RecordedController], {
      AUTH_JWKS_URL: provider.url,
      AUTH_ISSUER: issuer,
      AUTH_AUDIENCE: audience,
    });
    const made = Role.options.map(async (role) => {
      const { key } = await app.keys.create({ name: role, subject: `a ${role}`, roles: [role] });
      return [role, key] as const;
    });
    keys = Object.fromEntries(await Promise.all(made)) as Record<Role, string>;
  });
  afterAll(async () => {
    await app.close();
    await provider.close();
  });
  beforeEach(() => app.clock.pass(61));

  const ask = (
    url: string,
    headers: Record<string, string> = {},
    more: { method?: 'POST' | 'DELETE'; from?: string } = {},
  ) => app.app.inject({ method: more.method ?? 'GET', url, headers, remoteAddress: more.from ?? '10.0.0.1' });
  const detailOf = (answer: { body: string }) => (JSON.parse(answer.body) as { detail: string }).detail;

  it('lets everybody through to what is public, whatever they send', async () => {
    for (const headers of [{}, bearer('nonsense')]) expect((await ask('/things/public', headers)).statusCode).toBe(200);
    expect((await ask('/declared/open')).statusCode).toBe(200);
  });

  it('asks for credentials where there are none, or of another kind', async () => {
    for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer' }]) {
      const answer = await ask('/things', headers as Record<string, string>);
      expect(answer).toMatchObject({ statusCode: 401, headers: { 'www-authenticate': 'Bearer' } });
      expect(detailOf(answer)).toContain('needs credentials');
    }
  });

  it.each(['nonsense', 'a.b.c', `cs_0123456789abcdef_${'x'.repeat(43)}`])('refuses "%s"', async (credentials) => {
    const answer = await ask('/things', bearer(credentials));
    expect(answer).toMatchObject({ statusCode: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(detailOf(answer)).toBe('This key or token is wrong, expired or revoked. Use another.');
  });

  it('hands whoever sends a key to the route', async () => {
    const answer = await ask('/things/known', bearer(keys.viewer));
    expect(answer.json()).toMatchObject({ subject: 'a viewer', roles: ['viewer'], credential: { via: 'key' } });
  });

  it('hands whoever sends a token to the route', async () => {
    const token = await tokenOf(key, app.clock.now(), { claims: { groups: ['ops'] } });
    const answer = await ask('/things/known', bearer(token));
    expect(answer.json()).toMatchObject({
      subject: 'ada',
      roles: ['approver'],
      groups: ['ops'],
      credential: { via: 'jwt' },
    });
  });

  it('knows a token without a role, and lets it do nothing', async () => {
    const token = await tokenOf(key, app.clock.now(), { claims: { roles: ['root'] } });
    expect((await ask('/things/known', bearer(token))).statusCode).toBe(200);
    const answer = await ask('/things', bearer(token));
    expect(answer.statusCode).toBe(403);
    expect(detailOf(answer)).toBe(
      'This needs approvals:read, which you have no role that gives. Ask an administrator for it.',
    );
  });

  it('lets through only who has all the scopes that a route needs, and names what is missing', async () => {
    const statuses = Role.options.map(async (role) => [
      role,
      (await ask('/things', bearer(keys[role]), { method: 'POST' })).statusCode,
    ]);
    expect(Object.fromEntries(await Promise.all(statuses))).toEqual({
      viewer: 403,
      requester: 403,
      approver: 403,
      operator: 403,
      admin: 201,
    });
    const answer = await ask('/things', bearer(keys.approver), { method: 'POST' });
    expect(detailOf(answer)).toContain('This needs runs:write, which your roles (approver) do not give.');
  });

  it('goes by the class where a route says nothing, and by the route where it does', async () => {
    expect((await ask('/declared', bearer(keys.approver))).statusCode).toBe(403);
    expect((await ask('/declared', bearer(keys.admin))).statusCode).toBe(200);
    expect((await ask('/declared/1', bearer(keys.approver), { method: 'DELETE' })).statusCode).toBe(403);
    expect((await ask('/declared/1', bearer(keys.admin), { method: 'DELETE' })).statusCode).toBe(200);
  });

  it('lets nobody through to a route that declares nothing', async () => {
    for (const headers of [{}, bearer(keys.admin)]) {
      const answer = await ask('/things/forgotten', headers as Record<string, string>);
      expect(answer.statusCode).toBe(403);
      expect(detailOf(answer)).toContain('No scope is declared');
    }
  });

  it('can be asked which routes those are', () => {
    expect(undeclaredRoutes(app.app)).toEqual(['GET /things/forgotten (ThingsController.forgotten)']);
  });

  it('does not make up a principal for a public route that wants one', async () => {
    expect((await ask('/things/mistaken', bearer(keys.admin))).statusCode).toBe(500);
  });

  it('puts on the log who uses a recorded route, before it is used, and nobody who may not', async () => {
    const post = (credentials: string) =>
      app.app.inject({ method: 'POST', url: '/recorded/one', headers: bearer(credentials) });
    const used = () => app.told.filter(({ type }) => type === 'access.used');
    expect((await post(keys.viewer)).statusCode).toBe(403);
    expect(used()).toEqual([]);
    expect((await post(keys.admin)).statusCode).toBe(201);
    expect(used()).toMatchObject([
      { authtype: 'api_key', data: { method: 'POST', route: '/recorded/:id', object: 'one' } },
    ]);
    for (const { type, data } of used()) parseEventData(type, data);
  });

  it('lets nobody use a recorded route while that cannot be put on the log', async () => {
    const used = () => Promise.reject(new RetryableError('away'));
    const guard = new AuthGuard(app.authenticator, { used });
    const request = { headers: bearer(keys.admin), raw: {}, ip: '192.0.2.1' };
    const http = { getRequest: () => request, getResponse: () => ({}) };
    const { prototype } = RecordedController;
    const context = { getType: () => 'http', getHandler: () => prototype.use, getClass: () => RecordedController };
    await expect(guard.canActivate({ ...context, switchToHttp: () => http } as never)).rejects.toThrow('away');
  });

  it('has nothing to say about what comes from the bus', async () => {
    const guard = new AuthGuard(app.authenticator, { used: async () => {} });
    expect(await guard.canActivate({ getType: () => 'rpc' } as ExecutionContext)).toBe(true);
  });

  it('sees the revocation of a key', async () => {
    const { key, record } = await app.keys.create({ name: 'n', subject: 's', roles: ['viewer'] });
    expect((await ask('/things', bearer(key))).statusCode).toBe(200);
    await app.another().keys.revoke(record.id);
    app.clock.pass(5);
    expect((await ask('/things', bearer(key))).statusCode).toBe(401);
  });

  it('does not take an outage of the provider for a wrong token', async () => {
    const unreachable = { AUTH_JWKS_URL: 'http://127.0.0.1:1/', AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience };
    const other = await openApp([ThingsController], unreachable);
    const token = await tokenOf(key, other.clock.now());
    const answer = await other.app.inject({ url: '/things', headers: bearer(token) });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers).not.toHaveProperty('www-authenticate');
    await other.close();
  });

  describe('when wrong credentials come one after the other', () => {
    const wrong = bearer(`cs_0123456789abcdef_${'x'.repeat(43)}`);
    const failTwentyTimes = async (from: string) => {
      for (let n = 0; n < 20; n += 1) expect((await ask('/things', wrong, { from })).statusCode).toBe(401);
    };

    it('has their address wait after twenty in a minute, and no other', async () => {
      await failTwentyTimes('10.0.0.2');
      app.clock.pass(20);
      const answer = await ask('/things', wrong, { from: '10.0.0.2' });
      expect(answer).toMatchObject({ statusCode: 429, headers: { 'retry-after': '40' } });
      expect(detailOf(answer)).toContain('Try again in 40 seconds');
      expect((await ask('/things', wrong, { from: '10.0.0.3' })).statusCode).toBe(401);
      app.clock.pass(40);
      expect((await ask('/things', wrong, { from: '10.0.0.2' })).statusCode).toBe(401);
    });

    it('serves right ones from there all the same, and asks for some where there are none', async () => {
      await failTwentyTimes('10.0.0.4');
      expect((await ask('/things', bearer(keys.viewer), { from: '10.0.0.4' })).statusCode).toBe(200);
      expect((await ask('/things', {}, { from: '10.0.0.4' })).statusCode).toBe(401);
      expect((await ask('/things', wrong, { from: '10.0.0.4' })).statusCode).toBe(429);
    });

    it('says so in the log once, and never what they were', async () => {
      app.lines.length = 0;
      await failTwentyTimes('10.0.0.5');
      for (let n = 0; n < 3; n += 1) await ask('/things', wrong, { from: '10.0.0.5' });
      expect(app.lines).toEqual([expect.stringContaining('10.0.0.5')]);
      expect(app.lines.join()).not.toContain('x'.repeat(43));
    });
  });
});
