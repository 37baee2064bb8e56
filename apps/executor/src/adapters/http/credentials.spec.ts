import { ConfigError } from '@countersign/contracts/problems';
import { KnownSecrets } from '@countersign/definitions/masking';
import { NoToken } from '@countersign/outbound';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InTheWay, type Outcome } from '../adapter.js';
import { HttpAdapter, type HttpOptions } from './http.js';
import { callWith, Follower } from '../../../test/adapter.fixtures.js';
import { token as taken, WorkflowServer } from '../../../test/workflow-server.fixtures.js';
import { compileHeaders } from '../../templates/headers.js';
import { compileUrl } from '../../templates/url.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-credentials-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, 'token');
const refused = { instead: { status: 401 } };

describe('the credentials of a request', () => {
  let server: WorkflowServer;
  let watch: Follower;
  let secrets: KnownSecrets;
  beforeEach(async () => {
    server = await WorkflowServer.start();
    [watch, secrets] = [new Follower(), new KnownSecrets()];
    writeFileSync(file, 'first-of-all\n');
  });
  afterEach(() => server.stop());

  const shown = () => server.requests.map(({ headers }) => headers.authorization);
  const adapter = (options: Partial<HttpOptions> = {}) => {
    const scope = { env: { API: server.url, TOKEN_FILE: file }, secrets };
    return new HttpAdapter({
      method: 'POST',
      url: compileUrl('{{env.API}}/releases', scope),
      headers: compileHeaders({ authorization: 'Bearer {{env.TOKEN}}' }, scope),
      done: [202],
      timeoutMs: 5_000,
      maxOutput: 10_000,
      allowPrivate: true,
      ...options,
    });
  };
  const execute = (made: HttpAdapter): Promise<Outcome> => made.execute(callWith(), watch);
  /** Gives the first of these until it is refused. */
  const tokens = (...given: string[]) => ({
    token: async () => {
      if (given.length === 0) throw new NoToken('there is no token: nobody answers');
      return given[0]!;
    },
    refuse: (token: string) => void (token === given[0] && given.shift()),
  });

  it('are what the file says by then, and known before they are sent', async () => {
    const made = adapter();
    expect(await execute(made)).toMatchObject({ outcome: 'failed' });
    writeFileSync(file, `${taken}\n`);
    expect(await execute(made)).toMatchObject({ outcome: 'succeeded' });
    expect(shown()).toEqual(['Bearer first-of-all', `Bearer ${taken}`]);
    expect(secrets.list()).toEqual(expect.arrayContaining(['first-of-all', taken]));
  });

  it('are missing while their file is empty, as where it is written anew in place', async () => {
    const made = adapter();
    writeFileSync(file, '');
    await expect(execute(made)).rejects.toThrow(ConfigError);
    expect(server.requests).toEqual([]);
  });

  it('that are not taken are replaced once, after another last look', async () => {
    const given = tokens('t1', 't2', taken);
    expect(await execute(adapter({ headers: () => ({}), token: given }))).toMatchObject({ outcome: 'failed' });
    expect(shown()).toEqual(['Bearer t1', 'Bearer t2']);
    expect(watch.looks).toBe(2);
    expect(await execute(adapter({ headers: () => ({}), token: given }))).toMatchObject({ outcome: 'succeeded' });
    expect(server.done).toHaveLength(1);
  });

  it('that are not taken are not sent again when there are no others, nor when something came in the way', async () => {
    server.faults.push(refused);
    expect(await execute(adapter())).toMatchObject({ outcome: 'failed', error: 'HTTP 401' });
    server.faults.push(refused);
    expect(await execute(adapter({ headers: () => ({}), token: tokens('t1') }))).toMatchObject({ outcome: 'failed' });
    expect(server.requests).toHaveLength(2);

    const obstacle = { until: 0 as never, held_by: { code: 'retry', detail: 'paused', until: null } as const };
    const given = tokens('t1', 't2');
    const made = adapter({
      headers: () => ({}),
      token: { ...given, refuse: (token) => (given.refuse(token), void (watch.obstacle = obstacle)) },
    });
    server.faults.push(refused);
    await expect(execute(made)).rejects.toThrow(InTheWay);
    expect(server.done).toHaveLength(0);
  });

  it.each([403, 407, 404, 500])('are not replaced after %i, which says nothing of them', async (status) => {
    server.faults.push({ instead: { status } });
    await execute(adapter({ headers: () => ({}), token: tokens('t1', 't2') }));
    expect(server.requests).toHaveLength(1);
  });

  it('are waited for: the call is not begun without, and none is used up', async () => {
    const made = adapter({ headers: () => ({}), token: tokens() });
    expect(await execute(made)).toEqual({ outcome: 'not_begun', reason: 'there is no token: nobody answers' });
    expect(server.requests).toEqual([]);
  });

  it('are replaced between two polls as well', async () => {
    server.questionFaults.push(refused);
    const url = compileUrl('{{env.API}}/releases/{{response./id}}', { env: { API: server.url } });
    const poll = { url, everyMs: 5, status: '/conclusion', succeeded: ['success'], failed: [] };
    const made = adapter({ headers: () => ({}), token: tokens(taken, 't2'), poll });
    expect(await execute(made)).toMatchObject({ outcome: 'succeeded' });
    expect(shown().slice(0, 3)).toEqual([`Bearer ${taken}`, `Bearer ${taken}`, 'Bearer t2']);
  });
});
