import type { Approval, Execution, RunOutput } from '@countersign/contracts';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from './cli.given.js';
import { eventually, openInstallation, type Installation } from './installation.given.js';

let there: Installation;
let dir: string;
beforeAll(async () => {
  there = await openInstallation();
  dir = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
});
afterAll(async () => {
  await there.close();
  rmSync(dir, { recursive: true });
});

interface Page<T> {
  data: T[];
  meta: { total_count: number };
}

/** A run that waits for an approval of its own. */
async function waiting(version: string): Promise<Approval> {
  const { out } = await there.cli([
    'run',
    '--agent',
    'ops',
    `Deploy the search service version ${version} to production.`,
  ]);
  return eventually('an approval', async () => {
    const { data } = await there.json<Page<Approval>>('approvals', 'list', '--run', out.trim());
    return data[0];
  });
}

const endOf = (runId: string) =>
  eventually('the end of the run', async () => {
    const run = await there.json<RunOutput>('runs', 'show', runId);
    return ['COMPLETED', 'CANCELLED', 'ERROR'].includes(run.status) ? run : undefined;
  });

describe('approvals', () => {
  it('are listed for people and for scripts, and found by words', async () => {
    const { id } = await waiting('1.0.1');
    const { out } = await there.cli(['approvals', 'list', '--text', 'search 1.0.1']);
    expect(out).toMatch(/^ID +AGE +LEFT +AGENT +FOR +CALL\n/);
    expect(out).toContain(`${id}  `);
    expect(out).toMatch(/deploy_to_production service_name=search version=1\.0\.1\n$/);
    expect(
      (await there.json<Page<Approval>>('approvals', 'list', '--text', '1.0.1')).data.map((each) => each.id),
    ).toEqual([id]);
    expect(await there.cli(['approvals', 'list', '--text', 'nowhere'])).toEqual({
      code: 0,
      out: '',
      err: 'No pending approvals.\n',
    });
  });

  it('are shown with all that somebody who decides should have seen', async () => {
    const approval = await waiting('1.0.2');
    const { out } = await there.cli(['approvals', 'show', approval.id]);
    expect(out).toMatch(/^deploy_to_production {2}pending\n/);
    expect(out).toContain(approval.digest);
    expect(out).toContain('Asked to  Deploy the search service version 1.0.2 to production.');
    expect(out).toContain('  "version": "1.0.2"');
  });

  it('are approved, and what was approved is done and reported', async () => {
    const { id, run_id } = await waiting('1.1.0');
    const { code, out } = await there.cli(['approvals', 'approve', id, '--note', 'go']);
    expect({ code, out }).toEqual({
      code: 0,
      out: '✔ approved  deploy_to_production service_name=search version=1.1.0\n',
    });
    expect((await endOf(run_id)).content).toContain('Deployed search 1.1.0');
    expect((await there.cli(['approvals', 'show', id])).out).toMatch(/admin {2}approved: go\n$/);
    expect((await there.json<Page<Execution>>('executions', 'list', '--run', run_id)).data[0]!.status).toBe(
      'succeeded',
    );
    expect((await there.cli(['executions', 'output', id])).out).toContain('Deployed search 1.1.0');
    expect((await there.cli(['executions', 'show', id])).out).toMatch(/^deploy_to_production {2}succeeded\n/);
  });

  it('are rejected with a reason, which the run is told', async () => {
    const { id, run_id } = await waiting('1.2.0');
    expect((await there.cli(['approvals', 'reject', id, '--reason', 'not on a friday'])).code).toBe(0);
    expect((await endOf(run_id)).content).toContain('not on a friday');
  });

  it('are done by hand, with the result from a file, and nothing is executed', async () => {
    const { id, run_id } = await waiting('1.3.0');
    writeFileSync(join(dir, 'result'), 'done by hand');
    expect((await there.cli(['approvals', 'approve', id, '--result', `@${join(dir, 'result')}`])).code).toBe(0);
    expect((await endOf(run_id)).content).toContain('done by hand');
    expect((await there.cli(['executions', 'show', id])).code).toBe(4);
  });

  it('are decided on in a bunch, with a line for each and the code of the first that failed', async () => {
    const [a, b] = [await waiting('1.4.0'), await waiting('1.4.1')];
    await there.cli(['approvals', 'reject', a.id]);
    const { code, out } = await there.cli(['approvals', 'reject', a.id, b.id, '--reason', 'both']);
    expect(out.split('\n')).toEqual([
      expect.stringContaining(`✘ ${a.id}  already`),
      expect.stringContaining(`✔ ${b.id}`),
      '',
    ]);
    expect(code).toBe(5);
  });

  it('take other arguments, and what is done is what was approved', async () => {
    const { id, run_id } = await waiting('1.5.0');
    writeFileSync(join(dir, 'arguments'), '{"service_name": "search", "version": "9"}');
    const { out } = await there.cli(['approvals', 'approve', id, '--args', `@${join(dir, 'arguments')}`]);
    expect(out).toBe('✔ approved  deploy_to_production service_name=search version=9\n');
    expect((await endOf(run_id)).content).toContain('Deployed search 9');
    expect((await there.cli(['approvals', 'show', id])).out).toMatch(
      /Arguments that were asked for[^]*1\.5\.0[^]*Arguments that were approved[^]*"9"/,
    );
  });

  it('refuse values for fields that nobody asks for', async () => {
    const { id } = await waiting('1.6.0');
    const { code, err } = await there.cli(['approvals', 'approve', id, '--value', 'ticket=OPS-1']);
    expect(code).toBe(2);
    expect(err).toContain('no fields to fill in');
  });

  it('let such calls through for a while, until that is revoked', async () => {
    const { id } = await waiting('1.7.0');
    expect((await there.cli(['approvals', 'approve', id, '--grant', '600'])).code).toBe(0);
    const grant = await eventually('the grant', async () => {
      const { data } = await there.json<Page<{ id: string; approval_id: string }>>('grants', 'list');
      return data.find(({ approval_id }) => approval_id === id);
    });
    const again = await there.cli(['run', '--agent', 'ops', '--follow', 'Deploy the search service version 1.7.0.']);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('Deployed search 1.7.0') as string });
    const { out } = await there.cli(['grants', 'list']);
    expect(out).toMatch(
      /^ID +HOLDS +USED +BY +AGENT +CALLS\n[^]* {2}1 +admin +ops +deploy_to_production service_name=search/,
    );
    expect((await there.cli(['grants', 'revoke', grant.id])).out).toBe(`${grant.id} is revoked\n`);
    expect((await there.cli(['grants', 'list'])).out).toMatch(new RegExp(`${grant.id} +revoked`));
  });

  it('refuse arguments that are no JSON object, and those of one call for several', async () => {
    expect((await there.cli(['approvals', 'approve', 'a', '--args', '[1]'])).err).toContain('must be a JSON object');
    expect((await there.cli(['approvals', 'approve', 'a', 'b', '--result', 'x'])).code).toBe(2);
  });
});

describe('a run that is followed', () => {
  it('tells its steps as notes and prints the answer alone, and ends as the run did', async () => {
    const { run_id, id } = await waiting('2.0.0');
    const followed = there.cli(['runs', 'follow', run_id]);
    await there.cli(['approvals', 'approve', id]);
    const { code, out, err } = await followed;
    expect(code).toBe(0);
    expect(out).toMatch(/^I am the scripted model[^]*- Deployed search 2\.0\.0[^]*\n$/);
    expect(err).toMatch(/▶ ops[^]*⏸ deploy_to_production[^]*✔ deploy_to_production\n {4}Deployed search 2\.0\.0/);
  });

  it('is a line of JSON for each event to a script', async () => {
    const { run_id, id } = await waiting('2.1.0');
    await there.cli(['approvals', 'approve', id]);
    const { out, err } = await there.cli(['runs', 'follow', run_id, '--json']);
    const events = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect([events[0], events.at(-1), err]).toEqual(['RunStarted', 'RunCompleted', '']);
  });

  it('ends with 8 when it is paused and nobody is to be waited for', async () => {
    const { run_id } = await waiting('2.2.0');
    expect((await there.cli(['runs', 'follow', run_id, '--until-paused'])).code).toBe(8);
  });

  it('ends with 7 when it is cancelled, with the reason', async () => {
    const { run_id } = await waiting('2.3.0');
    const followed = there.cli(['runs', 'follow', run_id]);
    expect((await there.cli(['runs', 'cancel', run_id, '--reason', 'wrong service'])).out).toContain('CANCELLED');
    const { code, out, err } = await followed;
    expect({ code, out }).toEqual({ code: 7, out: '' });
    expect(err).toContain('cancelled: wrong service');
  });

  it('needs an agent to be named where there are several', async () => {
    const { code, err } = await there.cli(['run', 'Deploy.']);
    expect({ code, err }).toEqual({ code: 2, err: 'Which agent? Name it with --agent: ops, gardener.\n' });
  });
});

describe('runs', () => {
  it('are listed and shown', async () => {
    const { run_id } = await waiting('3.0.0');
    expect((await there.cli(['runs', 'list', '--status', 'PAUSED'])).out).toContain(run_id);
    const { out } = await there.cli(['runs', 'show', run_id]);
    expect(out).toMatch(/^ops {2}PAUSED\n[^]*… deploy_to_production service_name=search version=3\.0\.0 {2}approval /);
  });
});

describe('the kill switch', () => {
  it('holds what is approved, until it is resumed', async () => {
    const { out } = await there.cli(['pause', 'deploy_to_production', '--reason', 'an incident']);
    expect(out).toMatch(/⏸ deploy_to_production is paused: an incident \(admin, /);
    const { id, run_id } = await waiting('4.0.0');
    await there.cli(['approvals', 'approve', id]);
    await eventually('the execution to wait', async () => {
      const { data } = await there.json<Page<Execution>>('executions', 'list', '--status', 'queued');
      return data.find((each) => each.id === id);
    });
    expect((await there.cli(['executions', 'show', id])).out).toMatch(/^deploy_to_production {2}queued\n/);
    expect((await there.cli(['doctor', '--remote'])).out).toMatch(/! kill switches +paused: deploy_to_production/);
    expect((await there.cli(['resume', 'deploy_to_production'])).out).toBe('Nothing is paused.\n');
    expect((await endOf(run_id)).status).toBe('COMPLETED');
  });

  it('lets a queued call be cancelled', async () => {
    await there.cli(['pause', '--reason', 'an incident']);
    const { id, run_id } = await waiting('4.1.0');
    await there.cli(['approvals', 'approve', id]);
    await eventually('the execution', async () =>
      (await there.cli(['executions', 'show', id])).code === 0 ? true : undefined,
    );
    expect((await there.cli(['executions', 'cancel', id, '--reason', 'not any more'])).out).toMatch(/^cancelled {2}/);
    expect((await there.cli(['executions', 'resolve-unknown', id, '--outcome', 'failed', '--note', 'x'])).code).toBe(5);
    expect((await there.cli(['executions', 'report', id, '--outcome', 'failed', '--result', 'x'])).code).toBe(5);
    await there.cli(['resume']);
    expect((await endOf(run_id)).status).toBe('COMPLETED');
  });
});

describe('events', () => {
  it('of the past are shown oldest first, by type and by run', async () => {
    const { run_id } = await waiting('5.0.0');
    const tail = ['events', 'tail', '--no-follow', '--run', run_id];
    const types = (out: string) =>
      out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type);
    const all = types((await there.cli([...tail, '--json'])).out);
    expect(all.indexOf('run.started')).toBeLessThan(all.indexOf('approval.created'));
    expect(types((await there.cli([...tail, '--type', 'approval.*', '--json'])).out)).toEqual(['approval.created']);
    expect((await there.cli([...tail, '-n', '1', '--type', 'run.started'])).out).toMatch(
      new RegExp(`^\\S+Z {2}run\\.started +${run_id} {2}ops input="Deploy`),
    );
  });

  it('that do not exist are refused, with those that do', async () => {
    const { code, err } = await there.cli(['events', 'tail', '--type', 'run.begun']);
    expect(code).toBe(2);
    expect(err).toContain('run.started');
  });
});

describe('keys', () => {
  it('are made, listed without their secret, used and revoked', async () => {
    const made = await there.cli(['keys', 'create', '--name', 'ci', '--subject', 'ci@x', '--role', 'viewer']);
    const key = made.out.trim();
    const env = { COUNTERSIGN_KEY: key };
    expect((await there.cli(['whoami'], { env })).out).toContain(`ci@x (viewer) at ${there.url}`);
    const refused = await there.cli(['keys', 'list'], { env });
    expect(refused.code).toBe(3);
    expect(refused.err).toContain('keys:write');
    const { out } = await there.cli(['keys', 'list']);
    expect(out).toMatch(/ci@x +viewer +- +for ever +ci\n/);
    expect(out).not.toContain(key);
    expect((await there.cli(['keys', 'revoke', out.split('\n')[1]!.split(' ')[0]!])).code).toBe(0);
    expect((await there.cli(['whoami'], { env })).code).toBe(3);
    expect((await there.cli(['keys', 'list'])).out).toMatch(/ci@x .*revoked/);
  });

  it('know the roles', async () => {
    const { code, err } = await there.cli(['keys', 'create', '--name', 'n', '--subject', 's', '--role', 'king']);
    expect(code).toBe(2);
    expect(err).toContain('viewer, requester, approver, admin');
  });
});

describe('signing in', () => {
  const home = () => ({ XDG_CONFIG_HOME: dir, COUNTERSIGN_KEY: '', COUNTERSIGN_URL: '' });

  it('keeps a key that is read from standard input, under a name, and forgets it', async () => {
    const { out: key } = await there.cli(['keys', 'create', '--name', 'n', '--subject', 'ada', '--role', 'approver']);
    const login = ['login', '--url', there.url, '--profile', 'work'];
    const { code, out } = await there.cli(login, { env: home(), stdin: key });
    expect(code).toBe(0);
    expect(out).toContain(`Signed in at ${there.url} as ada (approver).`);
    expect(out).not.toContain(key.trim());
    expect(readFileSync(join(dir, 'countersign/config.json'), 'utf8')).toContain(key.trim());
    const env = { ...home(), COUNTERSIGN_PROFILE: 'work' };
    expect((await there.cli(['whoami'], { env })).out).toContain('ada (approver)');
    expect((await there.cli(['logout', '--profile', 'work'], { env: home() })).code).toBe(0);
    expect((await there.cli(['whoami'], { env })).code).toBe(2);
  });

  it('keeps nothing that the server does not know', async () => {
    const { code, out } = await there.cli(['login', '--url', there.url, '--key', 'wrong'], { env: home() });
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect((await there.cli(['logout'], { env: home() })).code).toBe(4);
  });
});

describe('the doctor', () => {
  it('finds nothing wrong with a server that is well', async () => {
    const { code, out } = await there.cli(['doctor', '--remote']);
    expect(code).toBe(0);
    for (const what of [
      'server',
      'store',
      'log',
      'agent-runner',
      'approval-service',
      'executor',
      'clock',
      'signing keys',
      'key',
    ])
      expect(out).toMatch(new RegExp(`^✔ ${what} `, 'm'));
  });

  it('says what to do about a wrong key', async () => {
    const { code, out } = await there.cli(['doctor', '--remote'], { env: { COUNTERSIGN_KEY: 'wrong' } });
    expect(code).toBe(1);
    expect(out).toMatch(/✘ key [^]*→ Sign in again: countersign login/);
  });

  it('says what to do about a server that is not there', async () => {
    const { code, out } = await cli(['doctor', '--remote', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(out).toMatch(/^✘ server[^]*→ Start it \(npm start\), or name another with --url\.\n$/);
  });

  it('finds what a service would find that is started with this environment', async () => {
    const file = join(dir, 'countersign.yaml');
    writeFileSync(file, 'agents: [{ id: ops }]\n');
    const env = {
      COUNTERSIGN_CONFIG: file,
      LEASE_SECONDS: 'long',
      SIGNING_KEYS: 'none',
      MONGODB_URI: 'mongodb://127.0.0.1:1/x',
    };
    const { code, out } = await cli(['doctor', '--local', '--json'], { env });
    const findings = JSON.parse(out) as { what: string; state: string; found: string; advice?: string }[];
    expect(code).toBe(1);
    expect(findings.map(({ what, state }) => `${what}: ${state}`)).toEqual([
      'file: bad',
      'settings: bad',
      'MongoDB: bad',
      'signing keys: bad',
    ]);
    expect(findings.every(({ advice }) => advice !== undefined)).toBe(true);
    expect(findings[1]!.found).toContain('LEASE_SECONDS');
  });
});

describe('what goes wrong', () => {
  it.each([
    ['an unknown id', ['approvals', 'show', 'none'], 4, 'There is no approval "none"'],
    ['an unknown command', ['approvals', 'lisst'], 2, "unknown command 'lisst'"],
    ['an unknown option', ['runs', 'list', '--sorted'], 2, "unknown option '--sorted'"],
    ['a value of the wrong kind', ['runs', 'list', '--limit', 'many'], 2, 'It must be a whole number.'],
    ['a value that the server refuses', ['runs', 'list', '--limit', '5000'], 2, 'limit'],
    ['a server that is not there', ['runs', 'list', '--url', 'http://127.0.0.1:1'], 6, 'cannot be reached'],
    ['something that is no URL', ['runs', 'list', '--url', 'here'], 2, 'is no URL'],
  ])('is told in a line or two, and by the code: %s', async (_what, args, code, told) => {
    const ended = await there.cli(args);
    expect(ended).toMatchObject({ code, out: '' });
    expect(ended.err).toContain(told);
    expect(ended.err).not.toMatch(/^ {4}at /m);
    expect(ended.err.trim().split('\n').length).toBeLessThan(4);
  });

  it('is not that somebody asks for help', async () => {
    for (const args of [['--help'], ['help'], ['approvals', 'approve', '--help']]) {
      const { code, out, err } = await cli(args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^Usage: countersign/);
    }
    expect((await cli(['--help'])).out).toContain('6  the server cannot be reached');
  });

  it('is told of a server without a key, before anything is sent', async () => {
    const { code, err } = await cli(['runs', 'list', '--url', there.url]);
    expect({ code, err }).toEqual({
      code: 3,
      err: `There is no key for ${there.url}. Sign in: countersign login --url ${there.url}\n`,
    });
  });
});
