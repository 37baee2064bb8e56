import type { Execution } from '@countersign/contracts/executions';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli } from '../../test/cli.fixtures.js';
import { eventually, useInstallation, type Page } from '../../test/installation.fixtures.js';

const there = useInstallation();

describe('the kill switch', () => {
  it('holds what is approved, until it is resumed', async () => {
    const { out } = await there.cli(['pause', 'deploy_to_production', '--reason', 'an incident']);
    expect(out).toMatch(/⏸ deploy_to_production is paused: an incident \(admin, /);
    const { id, run_id } = await there.waiting('4.0.0');
    await there.cli(['approvals', 'approve', id]);
    await eventually('the execution to wait', async () => {
      const { data } = await there.json<Page<Execution>>('executions', 'list', '--status', 'queued');
      return data.find((each) => each.id === id);
    });
    expect((await there.cli(['executions', 'show', id])).out).toMatch(/^deploy_to_production {2}queued\n/);
    expect((await there.cli(['doctor', '--remote'])).out).toMatch(/! kill switches +paused: deploy_to_production/);
    expect((await there.cli(['resume', 'deploy_to_production'])).out).toBe('Nothing is paused.\n');
    expect((await there.endOf(run_id)).status).toBe('COMPLETED');
  });

  it('lets a queued call be cancelled', async () => {
    await there.cli(['pause', '--reason', 'an incident']);
    const { id, run_id } = await there.waiting('4.1.0');
    await there.cli(['approvals', 'approve', id]);
    await eventually('the execution', async () =>
      (await there.cli(['executions', 'show', id])).code === 0 ? true : undefined,
    );
    expect((await there.cli(['executions', 'cancel', id, '--reason', 'not any more'])).out).toMatch(/^cancelled {2}/);
    expect((await there.cli(['executions', 'resolve-unknown', id, '--outcome', 'failed', '--note', 'x'])).code).toBe(5);
    expect((await there.cli(['executions', 'report', id, '--outcome', 'failed', '--result', 'x'])).code).toBe(5);
    await there.cli(['resume']);
    expect((await there.endOf(run_id)).status).toBe('COMPLETED');
  });
});

describe('a call whose outcome nobody knows', () => {
  const abandoned = async (version: string) => {
    const approval = await there.waiting(version);
    await there.cli(['approvals', 'approve', approval.id]);
    await eventually('the unknown outcome', async () => {
      const { data } = await there.json<Page<Execution>>('executions', 'list', '--status', 'outcome_unknown');
      return data.find(({ id }) => id === approval.id);
    });
    return approval;
  };

  it('is made again only by an explicit word, with what came of it', async () => {
    const { id, run_id } = await abandoned('0.1.0');
    const again = ['executions', 'retry', id, '--note', 'Nothing came of it.'];
    const { code, err } = await there.cli(again);
    expect(code).toBe(2);
    expect(err).toMatch(/at most once[^]*--even-if-done/);
    expect(await there.cli([...again, '--even-if-done'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^queued {2}deploy_to_production service_name=search version=0\.1\.0\n/) as string,
    });
    expect((await there.endOf(run_id)).content).toContain('Deployed search 0.1.0');
    expect(await there.json<Execution>('executions', 'show', id)).toMatchObject({
      status: 'succeeded',
      note: 'Nothing came of it.',
      attempts: [{ outcome: 'outcome_unknown' }, { outcome: 'succeeded' }],
    });
    expect((await there.cli([...again, '--even-if-done'])).code).toBe(5);
  });

  it('is settled by whoever found out', async () => {
    const { id, run_id } = await abandoned('0.2.0');
    const found = ['executions', 'resolve-unknown', id, '--outcome', 'succeeded', '--note', 'It is there.'];
    expect((await there.cli(found)).out).toMatch(/^succeeded {2}/);
    expect((await there.endOf(run_id)).content).toContain('It is there.');
    expect((await there.cli(['executions', 'retry', id, '--note', 'x'])).code).toBe(5);
  });
});

describe('events', () => {
  it('of the past are shown oldest first, by type and by run', async () => {
    const { run_id } = await there.waiting('5.0.0');
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
    expect(err).toContain('viewer, requester, approver, operator, admin');
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
    const file = join(there.dir, 'countersign.yaml');
    writeFileSync(file, 'agents: [{ id: ops }]\n');
    const env = {
      COUNTERSIGN_CONFIG: file,
      LEASE_SECONDS: 'long',
      DECISION_SIGNING_KEYS: 'none',
      MONGODB_URI: 'mongodb://127.0.0.1:1/x',
    };
    const { code, out } = await cli(['doctor', '--local', '--json'], { env });
    const findings = JSON.parse(out) as { what: string; state: string; found: string; advice?: string }[];
    expect(code).toBe(1);
    expect(findings.map(({ what, state }) => `${what}: ${state}`)).toEqual([
      'file: bad',
      'settings: bad',
      'MongoDB: bad',
      'clock of MongoDB: bad',
      'signing keys: bad',
    ]);
    expect(findings.every(({ advice }) => advice !== undefined)).toBe(true);
    expect(findings[1]!.found).toContain('LEASE_SECONDS');
  });
});
