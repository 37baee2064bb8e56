import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executedCall, keyFor, pausedRun, type Records } from '../test/authorisation.fixtures.js';
import { adminKey, bearer, openStandalone, type Standalone } from '../test/standalone.fixtures.js';

const roles = ['viewer', 'requester', 'approver', 'admin'];

describe('authorisation', () => {
  let standalone: Standalone;
  const keys: Record<string, string> = {};
  /** Of two requesters; the tests look at them as the first of the two. */
  const executions: Record<string, string> = {};
  let shared: Record<string, Records>;

  beforeAll(async () => {
    standalone = await openStandalone();
    for (const role of roles) keys[role] = await keyFor(standalone, `a ${role}`, [role]);
    keys['another'] = await keyFor(standalone, 'another requester', ['requester']);
    executions['their own'] = await executedCall(standalone, keys['requester']!);
    executions["another's"] = await executedCall(standalone, keys['another']!);
    shared = { 'their own': await recordsOf('their own'), "another's": await recordsOf("another's") };
  }, 60_000);
  afterAll(() => standalone.close());

  async function recordsOf(whose: string): Promise<Records> {
    const key = keys[whose === 'their own' ? 'requester' : 'another']!;
    return { ...(await pausedRun(standalone, key)), execution_id: executions[whose]! };
  }

  it.each(['/runs', '/sessions', '/approvals', '/executions'])(
    '%s lists to a requester only what is theirs',
    async (path) => {
      const list = async (role: string, query = '') => {
        const response = await standalone.ask('GET', `${path}?limit=1000${query}`, { key: keys[role] });
        return ((await response.json()) as { data: { user_id?: string; requester?: string }[] }).data;
      };
      const owners = (data: Awaited<ReturnType<typeof list>>) =>
        new Set(data.map((each) => each.user_id ?? each.requester));
      expect(owners(await list('requester'))).toEqual(new Set(['a requester']));
      expect(owners(await list('another'))).toEqual(new Set(['another requester']));
      expect([...owners(await list('viewer'))]).toEqual(expect.arrayContaining(['a requester', 'another requester']));
      if (path === '/executions') return;
      expect(owners(await list('requester', '&user_id=another%20requester'))).toEqual(new Set(['a requester']));
      expect(owners(await list('viewer', '&user_id=another%20requester'))).toEqual(new Set(['another requester']));
    },
  );

  it('counts for a requester only what is theirs', async () => {
    const count = async (role: string, query = '') => {
      const response = await standalone.ask('GET', `/approvals/count${query}`, { key: keys[role] });
      return ((await response.json()) as { count: number }).count;
    };
    const [own, others] = [await count('requester'), await count('another')];
    expect(own * others).toBeGreaterThan(0);
    expect(await count('requester', '?user_id=another%20requester')).toBe(own);
    expect(await count('viewer')).toBeGreaterThanOrEqual(own + others);
  });

  it('streams to a requester only what is theirs', async () => {
    const stream = await standalone.ask('GET', '/approvals/stream', { key: keys['requester'] });
    const others = await recordsOf("another's");
    const own = await recordsOf('their own');
    let told = '';
    for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
      told += chunk;
      if (told.includes(own.approval_id)) break;
    }
    expect(told).not.toContain(others.approval_id);
  });

  it('lets nobody but an administrator start a run for somebody else, and records who did', async () => {
    const start = async (role: string) => {
      const body = { input: 'Hello.', user_id: 'another requester' };
      return (await standalone.ask('POST', '/agents/ops/runs', { key: keys[role], body })).json();
    };
    expect(await start('requester')).toMatchObject({ user_id: 'a requester', requested_by: 'a requester' });
    expect(await start('admin')).toMatchObject({ user_id: 'another requester', requested_by: 'a admin' });
  });

  it('says what is missing, and to whom to turn', async () => {
    const denied = await standalone.ask('GET', '/auth/keys', { key: keys['viewer'] });
    expect(await denied.json()).toMatchObject({ status: 403, detail: expect.stringContaining('keys:write') });
    const unknown = await standalone.ask('GET', '/runs');
    expect(unknown.headers.get('www-authenticate')).toBe('Bearer');
    expect(unknown.headers.get('content-type')).toContain('application/problem+json');
  });

  it('has the document of the API for whoever is known', async () => {
    expect((await standalone.ask('GET', '/openapi.json')).status).toBe(401);
    expect((await standalone.ask('GET', '/openapi.json', { key: keys['viewer'] })).status).toBe(200);
  });

  it('ends with the key', async () => {
    const body = { name: 'short', subject: 'a leaver', roles: ['viewer'] };
    const made = await standalone.ask('POST', '/auth/keys', { key: adminKey, body });
    const { key, record } = (await made.json()) as { key: string; record: { id: string } };
    expect((await standalone.ask('GET', '/runs', { key })).status).toBe(200);
    expect((await standalone.ask('DELETE', `/auth/keys/${record.id}`, { key: adminKey })).status).toBe(204);
    expect((await standalone.ask('GET', '/runs', { key })).status).toBe(401);
  });

  describe('with the session of a browser', () => {
    let cookie: string;
    let csrf: string;
    beforeAll(async () => {
      const response = await standalone.ask('POST', '/auth/sign-in', { body: { key: keys['approver']! } });
      cookie = response.headers.get('set-cookie')!.split(';', 1)[0]!;
      csrf = ((await response.json()) as { csrf_token: string }).csrf_token;
    });
    const commentWith = async (headers: Record<string, string>) => {
      const { approval_id } = shared["another's"]!;
      const response = await fetch(`${standalone.url}/approvals/${approval_id}/comments`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ text: 'From a browser.' }),
      });
      return response.status;
    };

    it('reads need no more than the cookie, and have the scopes of the key', async () => {
      const read = (path: string) => fetch(standalone.url + path, { headers: { cookie } });
      expect((await read('/approvals')).status).toBe(200);
      expect((await read('/auth/keys')).status).toBe(403);
      expect(await (await read('/auth/me')).json()).toMatchObject({ subject: 'a approver', csrf_token: csrf });
    });

    it('a change needs the token and a page of this server', async () => {
      const origin = standalone.url;
      expect(await commentWith({})).toBe(403);
      expect(await commentWith({ origin })).toBe(403);
      expect(await commentWith({ 'x-csrf-token': csrf })).toBe(403);
      expect(await commentWith({ origin, 'x-csrf-token': `${csrf}x` })).toBe(403);
      expect(await commentWith({ origin: 'https://elsewhere.example', 'x-csrf-token': csrf })).toBe(403);
      expect(await commentWith({ origin: 'null', 'x-csrf-token': csrf })).toBe(403);
      expect(await commentWith({ origin, 'x-csrf-token': csrf })).toBe(201);
    });

    it('a key that is sent along counts, and needs neither', async () => {
      expect(await commentWith({ ...bearer(keys['approver']) })).toBe(201);
      expect(await commentWith({ ...bearer(keys['viewer']) })).toBe(403);
    });

    it('it is over once somebody signs out', async () => {
      const out = await fetch(`${standalone.url}/auth/sign-out`, {
        method: 'POST',
        headers: { cookie, origin: standalone.url, 'x-csrf-token': csrf },
      });
      expect(out.status).toBe(204);
      expect((await fetch(`${standalone.url}/approvals`, { headers: { cookie } })).status).toBe(401);
    });
  });
});
