import { parseEventData } from '@countersign/contracts';
import type { Me } from '@countersign/contracts/auth';
import { Controller, Get, Patch, Post } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RequireScopes, CurrentPrincipal } from '../http/access.js';
import { bearer, cookieIn, openApp, type App } from '../../test/auth.fixtures.js';
import type { Principal } from '../principal.js';
import { undeclaredRoutes } from '../http/declared-routes.js';

@Controller('things')
@RequireScopes('approvals:read')
class ThingsController {
  @Get()
  look(@CurrentPrincipal() who: Principal): object {
    return { subject: who.subject, via: who.credential.via };
  }

  @Post()
  make(): string {
    return 'made';
  }

  @Patch()
  change(): string {
    return 'changed';
  }
}

const host = 'countersign.example';
const adminKey = 'a-key-that-somebody-chose-long-enough';

describe('signing in', () => {
  let app: App;
  let key: string;
  let keyId: string;
  beforeEach(async () => {
    app = await openApp([ThingsController], { ADMIN_KEY: adminKey });
    const made = await app.keys.create({ name: 'n', subject: 'ada', roles: ['approver'], groups: ['ops'] });
    [key, keyId] = [made.key, made.record.id];
  });
  afterEach(() => app.close());

  type Headers = Record<string, string>;
  const get = (url: string, headers: Headers = {}) => app.app.inject({ url, headers: { host, ...headers } });
  const post = (url: string, headers: Headers = {}, payload?: object) =>
    app.app.inject({ method: 'POST', url, headers: { host, ...headers }, ...(payload && { payload }) });
  const signIn = (headers: Headers = {}, given = key) => post('/auth/sign-in', headers, { key: given });
  const signedIn = async (given = key) => {
    const answer = await signIn({}, given);
    const cookie = { cookie: `countersign_session=${cookieIn(answer.headers['set-cookie'])}` };
    const token = { 'x-csrf-token': answer.json<Me>().csrf_token! };
    return { cookie, own: { ...cookie, ...token, origin: `https://${host}` } };
  };
  const messageOf = (answer: { body: string }) => (JSON.parse(answer.body) as { detail: string }).detail;

  it('leaves no route of its own undeclared', () => {
    expect(undeclaredRoutes(app.app)).toEqual([]);
  });

  it('with a key begins a session of twelve hours, in a cookie that no script and no other site can use', async () => {
    const answer = await signIn();
    expect(answer.statusCode).toBe(200);
    const [cookie, ...attributes] = String(answer.headers['set-cookie']).split('; ');
    expect(cookie).toMatch(/^countersign_session=[\w-]{43}$/);
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict', 'Secure']);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['localhost:4000', false],
    ['127.0.0.1', false],
    ['[::1]:4000', false],
    ['localhost.evil.example', true],
    ['10.0.0.1', true],
  ])('at %s, the cookie is for HTTPS only: %s', async (host, secure) => {
    const header = String((await signIn({ host })).headers['set-cookie']);
    expect(header.includes('; Secure')).toBe(secure);
  });

  it('is published with whose key, from where and until when, and so is signing out', async () => {
    const { own } = await signedIn();
    expect((await post('/auth/sign-out', own)).statusCode).toBe(204);
    const [begun, ended] = [app.told[0], app.told.at(-1)];
    const act = { authtype: 'user', authid: 'ada', authclaims: JSON.stringify({ via: 'session', credential: keyId }) };
    const data = {
      subject: 'ada',
      roles: ['approver'],
      groups: ['ops'],
      by: 'key',
      key_id: keyId,
      address: '127.0.0.1',
    };
    expect(begun).toMatchObject({ type: 'access.signed_in', ...act, data });
    expect(ended).toMatchObject({
      type: 'access.signed_out',
      ...act,
      data: { session_id: begun!.key, subject: 'ada' },
    });
    for (const event of app.told) parseEventData(event.type, event.data);
    const secrets = [key, own.cookie.split('=')[1]!, own['x-csrf-token']];
    for (const secret of secrets) expect(JSON.stringify(app.told)).not.toContain(secret);
  });

  it('that was refused is published, by a key or by a link', async () => {
    await signIn({}, 'wrong');
    await get(`/auth/sign-in?code=${'x'.repeat(43)}`, { accept: 'text/html' });
    const unknown = { type: 'access.refused', authtype: 'unauthenticated' };
    const data = { code: 'credential_refused', route: '/auth/sign-in', address: '127.0.0.1', times: 1 };
    expect(app.told).toMatchObject([
      { ...unknown, data: { ...data, method: 'POST' } },
      { ...unknown, data: { ...data, method: 'GET' } },
    ]);
    expect(JSON.stringify(app.told)).not.toMatch(/wrong|x{43}/);
  });

  it('is followed by requests with the cookie alone', async () => {
    const { cookie } = await signedIn();
    expect((await get('/things', cookie)).json()).toEqual({ subject: 'ada', via: 'session' });
    expect((await app.app.inject({ method: 'HEAD', url: '/things', headers: { host, ...cookie } })).statusCode).toBe(
      200,
    );
  });

  it('stores neither the cookie nor the key', async () => {
    const { cookie } = await signedIn();
    const value = cookie.cookie.split('=')[1]!;
    const session = (await app.sessions.verify(value))!;
    expect(JSON.stringify(session)).not.toContain(value);
    expect(session).toMatchObject({ subject: 'ada', key_id: keyId, id: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('does not work with a wrong key, and has whoever tries many wait', async () => {
    for (let n = 0; n < 20; n += 1) expect((await signIn({}, 'wrong')).statusCode).toBe(401);
    const answer = await signIn({}, 'wrong');
    expect(answer).toMatchObject({ statusCode: 429, headers: { 'retry-after': '60' } });
    expect((await signIn()).statusCode).toBe(200);
  });

  it('wants a key', async () => {
    expect((await post('/auth/sign-in', {}, {})).statusCode).toBe(400);
  });

  it('cannot be done for somebody by a page of another origin', async () => {
    expect((await signIn({ origin: 'https://evil.example' })).statusCode).toBe(403);
    expect((await signIn({ origin: `https://${host}` })).statusCode).toBe(200);
  });

  it('tells who it is, with what a page needs to make changes', async () => {
    const { cookie, own } = await signedIn();
    const scopes = [
      'approvals:read',
      'runs:read',
      'executions:read',
      'events:read',
      'audit:read',
      'metrics:read',
      'approvals:write',
    ];
    const me = { subject: 'ada', display_name: 'ada', roles: ['approver'], groups: ['ops'], scopes };
    const answer = await get('/auth/me', cookie);
    expect(answer.json()).toEqual({ ...me, csrf_token: own['x-csrf-token'] });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await get('/auth/me', bearer(key))).json()).toEqual({ ...me, csrf_token: null });
    expect((await get('/auth/me')).statusCode).toBe(401);
  });

  describe('then changing something', () => {
    it('works from a page of this server that knows the token', async () => {
      const { own } = await signedIn();
      expect((await post('/things', own)).statusCode).toBe(201);
      const patched = await app.app.inject({ method: 'PATCH', url: '/things', headers: { host, ...own } });
      expect(patched.statusCode).toBe(200);
    });

    it.each([
      ['without the token', { 'x-csrf-token': '' }, 'x-csrf-token'],
      ['with another token', { 'x-csrf-token': 'x'.repeat(43) }, 'x-csrf-token'],
      ['without an origin', { origin: '' }, 'Origin'],
      ['from nowhere in particular', { origin: 'null' }, 'Origin'],
      ['from another host', { origin: 'https://evil.example' }, 'Origin'],
      ['from a host within this', { origin: `https://evil.${host}` }, 'Origin'],
      ['from another port', { origin: `https://${host}:8443` }, 'Origin'],
      ['from what is no address', { origin: host }, 'Origin'],
      ['from a file', { origin: 'file://' }, 'Origin'],
    ])('is refused %s', async (_, wrong, named) => {
      const { own } = await signedIn();
      const headers = Object.fromEntries(Object.entries({ ...own, ...wrong }).filter(([, value]) => value !== ''));
      for (const method of ['POST', 'PATCH'] as const) {
        const answer = await app.app.inject({ method, url: '/things', headers: { host, ...headers } });
        expect(answer.statusCode).toBe(403);
        expect(messageOf(answer)).toContain(named);
      }
      expect((await get('/things', headers as Headers)).statusCode).toBe(200);
    });

    it("is refused with somebody else's token", async () => {
      const [mine, other] = [await signedIn(), await signedIn(adminKey)];
      const mixed = { ...mine.own, 'x-csrf-token': other.own['x-csrf-token'] };
      expect((await post('/things', mixed)).statusCode).toBe(403);
    });

    it('may name the port that need not be named', async () => {
      const { own } = await signedIn();
      expect((await post('/things', { ...own, host: `${host}:443` })).statusCode).toBe(201);
    });

    it('with a key needs neither, whatever cookie comes along', async () => {
      const { cookie } = await signedIn();
      expect((await post('/things', { ...cookie, ...bearer(key) })).statusCode).toBe(201);
      expect((await post('/things', { ...cookie, ...bearer('wrong') })).statusCode).toBe(401);
    });
  });

  describe('ends', () => {
    const gone = async (cookie: Headers) => {
      const answer = await get('/things', cookie);
      expect(answer).toMatchObject({ statusCode: 401, headers: { 'www-authenticate': 'Bearer' } });
      expect(messageOf(answer)).toBe('Your session has ended. Sign in again.');
      expect(answer.headers['set-cookie']).toMatch(/^countersign_session=;/);
    };

    it('when signing out, which takes the cookie away', async () => {
      const { cookie, own } = await signedIn();
      expect((await post('/auth/sign-out', cookie)).statusCode).toBe(403);
      const answer = await post('/auth/sign-out', own);
      expect(answer.statusCode).toBe(204);
      expect(answer.headers['set-cookie']).toMatch(/^countersign_session=;.*(Max-Age=0|Expires=Thu, 01 Jan 1970)/);
      await gone(cookie);
    });

    it('after twelve hours', async () => {
      const { cookie } = await signedIn();
      app.clock.pass(12 * 3600 - 1);
      expect((await get('/things', cookie)).statusCode).toBe(200);
      app.clock.pass(1);
      await gone(cookie);
    });

    it('with the key that began it, wherever that is revoked', async () => {
      const { cookie } = await signedIn();
      expect((await get('/things', cookie)).statusCode).toBe(200);
      await app.another().keys.revoke(keyId);
      app.clock.pass(5);
      await gone(cookie);
    });

    it('with the key that began it, when that expires', async () => {
      const short = await app.keys.create({ name: 'n', subject: 's', roles: ['viewer'], expires_in: 60 });
      const { cookie } = await signedIn(short.key);
      app.clock.pass(59);
      expect((await get('/things', cookie)).statusCode).toBe(200);
      app.clock.pass(1);
      await gone(cookie);
    });

    it('never by trying cookies, which counts as no attempt', async () => {
      for (let n = 0; n < 30; n += 1) await gone({ cookie: `countersign_session=${'x'.repeat(43)}` });
    });
  });

  describe('with a link', () => {
    const follow = (path: string, headers: Headers = {}) => get(path, headers);

    it('begins a session and leads to the start page', async () => {
      const { path } = await app.links.create('grace', ['viewer'], { groups: ['ops'] });
      const answer = await follow(path);
      expect(answer).toMatchObject({ statusCode: 303, headers: { location: '../', 'cache-control': 'no-store' } });
      expect(String(answer.headers['set-cookie'])).toMatch(/HttpOnly.*SameSite=Strict/);
      const cookie = { cookie: `countersign_session=${cookieIn(answer.headers['set-cookie'])}` };
      expect((await get('/auth/me', cookie)).json()).toMatchObject({
        subject: 'grace',
        roles: ['viewer'],
        groups: ['ops'],
      });
    });

    it('works once, however many follow it at once', async () => {
      const { path } = await app.links.create('grace', ['viewer']);
      const statuses = (await Promise.all([follow(path), follow(path), follow(path)])).map((each) => each.statusCode);
      expect(statuses.toSorted()).toEqual([303, 401, 401]);
      const again = await follow(path);
      expect(messageOf(again)).toBe('This link was used or has expired. Ask for another.');
      expect(again.headers).not.toHaveProperty('set-cookie');
    });

    it('that is worth nothing leads people to a page that says so, until they try too many', async () => {
      const wrong = () => follow(`/auth/sign-in?code=${'x'.repeat(43)}`, { accept: 'text/html,*/*' });
      const answer = await wrong();
      expect(answer).toMatchObject({ statusCode: 303, headers: { location: '../?link=refused' } });
      expect(answer.headers).not.toHaveProperty('set-cookie');
      const later = [];
      for (let n = 0; n < 30; n += 1) later.push((await wrong()).statusCode);
      expect(later.at(-1)).toBe(429);
    });

    it('is not used up by whoever only asks for the headers', async () => {
      const { path } = await app.links.create('grace', ['viewer']);
      const head = await app.app.inject({ method: 'HEAD', url: path, headers: { host } });
      expect(head.headers).not.toHaveProperty('set-cookie');
      expect((await follow(path)).statusCode).toBe(303);
    });

    it('ends with the key it was made for', async () => {
      const { path } = await app.links.create('admin', ['admin'], { key_id: keyId });
      const answer = await follow(path);
      const cookie = { cookie: `countersign_session=${cookieIn(answer.headers['set-cookie'])}` };
      expect((await get('/things', cookie)).statusCode).toBe(200);
      await app.keys.revoke(keyId);
      expect((await get('/things', cookie)).statusCode).toBe(401);
    });

    it('wants a code', async () => {
      expect((await follow('/auth/sign-in')).statusCode).toBe(400);
    });
  });

  it('writes no secret to the log', async () => {
    const { cookie } = await signedIn();
    await signIn({}, 'a wrong key');
    await get('/things', { cookie: `${cookie.cookie}x` });
    for (const secret of [key, cookie.cookie.split('=')[1]!, 'a wrong key']) {
      expect(app.lines.join()).not.toContain(secret);
    }
  });
});
