import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executedCall, keyFor, pausedRun, type Records } from './authorisation.given.js';
import { access, scopes } from './authorisation.routes.given.js';
import { adminKey, bearer, openStandalone, operationsOf, type Standalone } from './standalone.given.js';

const everybody = ['nobody', ...Object.keys(scopes)];
const routes = Object.entries(access).map(([route, needs]) => ({ route, needs }));
/** How somebody who may is answered when what they ask for is not there, or makes no sense. */
const welcome = [200, 201, 204, 400, 404];

/** The ids of records that are not there. */
const nowhere = (path: string): string => path.replaceAll(/\{\w+\}/g, 'nowhere');

/** Routes about one record of somebody, with how they answer whoever may use them. */
const ofRecords = [
  { route: 'GET /runs/{run_id}', ok: 200 },
  { route: 'GET /runs/{run_id}/events', ok: 200 },
  { route: 'GET /sessions/{session_id}', ok: 200 },
  { route: 'GET /sessions/{session_id}/runs', ok: 200 },
  { route: 'GET /approvals/{id}', ok: 200 },
  { route: 'GET /approvals/{id}/status', ok: 200 },
  { route: 'GET /executions/{id}', ok: 200 },
  { route: 'POST /executions/{id}/resolve-unknown', ok: 409, body: { outcome: 'failed', note: 'no' } },
  { route: 'GET /executions/{id}/output', ok: 200 },
  { route: 'POST /executions/{id}/retry', ok: 409, body: { note: 'no' } },
  { route: 'POST /executions/{id}/report', ok: 409, body: { outcome: 'failed', result: 'no' } },
  { route: 'POST /executions/{id}/cancel', ok: 409, body: { reason: 'no' } },
  { route: 'POST /approvals/{id}/comments', ok: 201, body: { text: 'Why?' } },
  { route: 'POST /agents/{agent_id}/runs/{run_id}/continue', ok: 409, body: { tools: [] }, isOver: true },
  { route: 'POST /approvals/{id}/resolve', ok: 200, body: { status: 'rejected' } },
  { route: 'POST /agents/{agent_id}/runs/{run_id}/cancel', ok: 200, body: {} },
  { route: 'DELETE /approvals/{id}', ok: 204 },
];
const owners = ['their own', "another's"];

function pathOf(route: string, records: Records): string {
  const id = route.includes('/executions/') ? records.execution_id : records.approval_id;
  const ids: Record<string, string> = { ...records, agent_id: 'ops', id };
  return route.split(' ')[1]!.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name]!);
}

describe('authorisation', () => {
  let standalone: Standalone;
  const keys: Record<string, string> = {};
  /** Of two requesters; the tests look at them as the first of the two. */
  const executions: Record<string, string> = {};
  let shared: Record<string, Records>;

  beforeAll(async () => {
    standalone = await openStandalone();
    for (const role of Object.keys(scopes)) keys[role] = await keyFor(standalone, `a ${role}`, role);
    keys['another'] = await keyFor(standalone, 'another requester', 'requester');
    executions['their own'] = await executedCall(standalone, keys['requester']!);
    executions["another's"] = await executedCall(standalone, keys['another']!);
    shared = { 'their own': await recordsOf('their own'), "another's": await recordsOf("another's") };
  }, 60_000);
  afterAll(() => standalone.close());

  async function recordsOf(whose: string): Promise<Records> {
    const key = keys[whose === 'their own' ? 'requester' : 'another']!;
    return { ...(await pausedRun(standalone, key)), execution_id: executions[whose]! };
  }

  /** @returns the status alone; a stream is not waited for. */
  async function statusOf(route: string, role: string, path: string, body?: object): Promise<number> {
    const method = route.split(' ')[0]!;
    const response = await standalone.ask(method, path, { key: keys[role], ...(body && { body }) });
    await response.body?.cancel();
    return response.status;
  }

  it('is decided for every route there is', async () => {
    const documented = operationsOf(await standalone.document()).map(([route]) => route);
    expect(documented.toSorted()).toEqual(Object.keys(access).toSorted());
  });

  it.each(routes)('$route: $needs', async ({ route, needs }) => {
    const body = route.startsWith('POST') ? {} : undefined;
    for (const role of everybody) {
      const status = await statusOf(route, role, nowhere(route.split(' ')[1]!), body);
      if (needs === 'anybody') expect(status, role).not.toBe(403);
      else if (role === 'nobody') expect(status, role).toBe(401);
      else if (needs === 'known' || scopes[role]!.includes(needs)) expect(welcome, role).toContain(status);
      else expect(status, role).toBe(403);
    }
  });

  it.each(ofRecords)('$route of somebody', async ({ route, ok, body, isOver }) => {
    for (const role of everybody) {
      for (const whose of owners) {
        const allowed = scopes[role]?.includes(access[route]!) ?? false;
        // Whatever may be changed is made for it.
        const records = allowed && !route.startsWith('GET') ? await recordsOf(whose) : shared[whose]!;
        if (isOver) await statusOf('POST', 'admin', `/agents/ops/runs/${records.run_id}/cancel`, {});
        const status = await statusOf(route, role, pathOf(route, records), body);
        const isHidden = role === 'requester' && whose !== 'their own';
        const expected = role === 'nobody' ? 401 : !allowed ? 403 : isHidden ? 404 : ok;
        expect(status, `${whose}, as ${role}`).toBe(expected);
      }
    }
  });

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
