import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { eventually, useInstallation, type Page } from '../../test/installation.fixtures.js';

const there = useInstallation();

describe('approvals', () => {
  it('are listed for people and for scripts, and found by words', async () => {
    const { id } = await there.waiting('1.0.1');
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
    const approval = await there.waiting('1.0.2');
    const { out } = await there.cli(['approvals', 'show', approval.id]);
    expect(out).toMatch(/^deploy_to_production service_name=search version=1\.0\.2 {2}pending\n/);
    expect(out).toContain(approval.digest);
    expect(out).toContain('Asked to  Deploy the search service version 1.0.2 to production.');
    expect(out).toContain('  version: 1.0.2');
  });

  it('recommend nothing that approves what nobody has looked at', async () => {
    const { out } = await there.cli(['approvals', 'approve', '--help']);
    expect(out).not.toContain('xargs');
    expect(out).toContain('approvals show 7d1f');
  });

  it('are sent back with a question, which somebody else than who asked answers', async () => {
    const { id } = await there.waiting('1.0.8');
    expect(await there.cli(['approvals', 'answer', id, 'All of them.'])).toMatchObject({ code: 5 });
    expect((await there.cli(['approvals', 'ask', id, 'Which region?'])).out).toContain('is asked');
    const { out } = await there.cli(['approvals', 'show', id]);
    expect(out).toMatch(/Question +admin waits for an answer; nobody else approves it before\n/);
    expect(out).toContain('admin  asks: “Which region?”');
    const own = await there.cli(['approvals', 'answer', id, 'All of them.']);
    expect(own.code).not.toBe(0);
    expect(await there.cli(['approvals', 'reject', id])).toMatchObject({ code: 0 });
  });

  it('are approved alone by nobody whom the rules do not name, and never unseen', async () => {
    const { id, digest } = await there.waiting('1.0.7');
    const reason = ['--reason', 'the shop is down'];
    expect(await there.cli(['approvals', 'break-glass', id])).toMatchObject({ code: 2 });
    expect(await there.cli(['approvals', 'break-glass', id, ...reason])).toMatchObject({ code: 2 });
    const refused = await there.cli(['approvals', 'break-glass', id, ...reason, '--digest', digest]);
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('do not name you') });
    expect(await there.cli(['approvals', 'review', id, 'fine'])).toMatchObject({ code: 5 });
    expect((await there.json<Page<Approval>>('approvals', 'list', '--open-reviews')).data).toEqual([]);
    expect(await there.json<Approval>('approvals', 'show', id)).toMatchObject({ status: 'pending' });
    await there.cli(['approvals', 'reject', id]);
  });

  it('are decided by deputies that somebody names for a while, and ends', async () => {
    const { id } = await there.waiting('1.0.6');
    const name = ['deputies', 'name', 'grace@example.com'];
    expect(await there.cli(name)).toMatchObject({ code: 2 });
    expect(await there.cli([...name, '--for', 'ever'])).toMatchObject({ code: 2 });
    expect(await there.cli(['deputies', 'name', 'admin', '--for', '1h'])).toMatchObject({ code: 2 });
    const { code, out } = await there.cli([...name, '--for', '8h', '--approval', id.slice(0, 13)]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('on this approval in your place until 2') });
    const [named] = (await there.json<Page<{ id: string; approval_id: string }>>('deputies', 'list')).data;
    expect(named).toMatchObject({ approval_id: id, deputy: 'grace@example.com' });
    expect((await there.json<Page<object>>('deputies', 'list', '--mine')).data).toEqual([]);
    expect((await there.cli(['deputies', 'end', named!.id])).out).toContain('decides in this place no longer');
    expect((await there.cli(['deputies', 'list'])).out).toContain('revoked');
    await there.cli(['approvals', 'reject', id]);
  });

  it('are named by the beginning of their ids', async () => {
    const { id } = await there.waiting('1.0.9');
    expect((await there.cli(['approvals', 'show', id.slice(0, 13)])).out).toContain(id);
    expect(await there.cli(['approvals', 'reject', id.slice(0, 13)])).toMatchObject({ code: 0 });
    expect(await there.json<Approval>('approvals', 'show', id)).toMatchObject({ status: 'rejected' });
  });

  it('are approved, and what was approved is done and reported', async () => {
    const { id, run_id } = await there.waiting('1.1.0');
    expect((await there.cli(['runs', 'show', run_id.slice(0, 13)])).out).toContain(run_id);
    const { code, out } = await there.cli(['approvals', 'approve', id, '--note', 'go']);
    expect({ code, out }).toEqual({
      code: 0,
      out: '✔ approved  deploy_to_production service_name=search version=1.1.0\n',
    });
    expect((await there.endOf(run_id)).content).toContain('Deployed search 1.1.0');
    expect((await there.cli(['approvals', 'show', id])).out).toMatch(/admin {2}approved: go\n$/);
    expect((await there.json<Page<Execution>>('executions', 'list', '--run', run_id)).data[0]!.status).toBe(
      'succeeded',
    );
    expect((await there.cli(['executions', 'output', id])).out).toContain('Deployed search 1.1.0');
    expect((await there.cli(['executions', 'show', id])).out).toMatch(/^deploy_to_production {2}succeeded\n/);
  });

  it('are rejected with a reason, which the run receives', async () => {
    const { id, run_id } = await there.waiting('1.2.0');
    expect((await there.cli(['approvals', 'reject', id, '--reason', 'not on a friday'])).code).toBe(0);
    expect((await there.endOf(run_id)).content).toContain('not on a friday');
  });

  it('are done by hand, with the result from a file, and nothing is executed', async () => {
    const { id, run_id } = await there.waiting('1.3.0');
    writeFileSync(join(there.dir, 'result'), 'done by hand');
    expect((await there.cli(['approvals', 'approve', id, '--result', `@${join(there.dir, 'result')}`])).code).toBe(0);
    expect((await there.endOf(run_id)).content).toContain('done by hand');
    expect((await there.cli(['executions', 'show', id])).code).toBe(4);
  });

  it('are decided on in a bunch, with a line for each and the code of the first that failed', async () => {
    const [a, b] = [await there.waiting('1.4.0'), await there.waiting('1.4.1')];
    await there.cli(['approvals', 'reject', a.id]);
    const { code, out } = await there.cli(['approvals', 'reject', a.id, b.id, '--reason', 'both']);
    expect(out.split('\n')).toEqual([
      expect.stringContaining(`✘ ${a.id}  already`),
      expect.stringContaining(`✔ ${b.id}`),
      '',
    ]);
    expect(code).toBe(5);
  });

  it('are decided on by exactly what was read, whatever the verdict and however many', async () => {
    const of = async (version: string) => (await there.waiting(version)).id;
    const [a, b, c, d] = [await of('1.9.0'), await of('1.9.1'), await of('1.9.2'), await of('1.9.3')];
    const sent = vi.spyOn(globalThis, 'fetch');
    for (const decision of [
      ['approve', '--yes', a],
      ['reject', b],
      ['reject', c, d],
    ])
      await there.cli(['approvals', ...decision]);
    const bodies = sent.mock.calls.flatMap(([, init]) => (init?.body ? [JSON.parse(String(init.body)) as object] : []));
    sent.mockRestore();
    const digest = expect.stringMatching(/^sha256:/) as string;
    expect(bodies).toMatchObject([
      { status: 'approved', digest },
      { status: 'rejected', digest },
      { status: 'rejected', digests: { [c]: digest, [d]: digest } },
    ]);
  });

  it('are rejected as they were seen, or not at all', async () => {
    const { id, digest } = await there.waiting('1.9.4');
    const reject = (seen: string) => there.cli(['approvals', 'reject', id, '--digest', seen]);
    expect(await reject(`sha256:${'0'.repeat(64)}`)).toMatchObject({ code: 5 });
    expect((await reject(digest)).code).toBe(0);
  });

  it('are all left as they are where one of them is not there', async () => {
    const { id } = await there.waiting('1.9.5');
    expect(await there.cli(['approvals', 'approve', id, 'gone'])).toMatchObject({
      code: 4,
      err: expect.stringContaining('no approval "gone"') as string,
    });
    expect(await there.json<Approval>('approvals', 'show', id)).toMatchObject({ status: 'pending' });
  });

  it('take other arguments, and what is done is what was approved', async () => {
    const { id, run_id } = await there.waiting('1.5.0');
    writeFileSync(join(there.dir, 'arguments'), '{"service_name": "search", "version": "9"}');
    const { out } = await there.cli(['approvals', 'approve', id, '--args', `@${join(there.dir, 'arguments')}`]);
    expect(out).toBe('✔ approved  deploy_to_production service_name=search version=9\n');
    expect((await there.endOf(run_id)).content).toContain('Deployed search 9');
    expect((await there.cli(['approvals', 'show', id])).out).toMatch(
      /Requested arguments[^]*1\.5\.0[^]*Arguments that were approved[^]*version: "9"/,
    );
  });

  it('refuse values for fields that nobody asks for', async () => {
    const { id } = await there.waiting('1.6.0');
    const { code, err } = await there.cli(['approvals', 'approve', id, '--value', 'ticket=OPS-1']);
    expect(code).toBe(2);
    expect(err).toContain('no fields to fill in');
  });

  it('are approved as they were seen, or not at all', async () => {
    const { id, digest } = await there.waiting('1.8.0');
    const approve = (seen: string) => there.cli(['approvals', 'approve', id, '--digest', seen]);
    expect(await approve(`sha256:${'0'.repeat(64)}`)).toMatchObject({
      code: 5,
      err: expect.stringContaining('look at it again') as string,
    });
    expect((await approve(digest)).code).toBe(0);
  });

  it('let such calls through for a while, until that is revoked', async () => {
    const { id } = await there.waiting('1.7.0');
    expect((await there.cli(['approvals', 'approve', id, '--grant', '600'])).code).toBe(0);
    const grant = await eventually('the grant', async () => {
      const { data } = await there.json<Page<{ id: string; approval_id: string }>>('grants', 'list');
      return data.find(({ approval_id }) => approval_id === id);
    });
    const ana = ['--name', 'x', '--subject', 'ana', '--role', 'requester'];
    const { key } = await there.json<{ key: string }>('keys', 'create', ...ana);
    const again = await there.cli(['run', '--agent', 'ops', '--follow', 'Deploy the search service version 1.7.0.'], {
      env: { COUNTERSIGN_KEY: key },
    });
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('Deployed search 1.7.0') as string });
    const { out } = await there.cli(['grants', 'list']);
    expect(out).toMatch(
      /^ID +HOLDS +USED +BY +AGENT +CALLS\n[^]* {2}1 of 10 +admin +ops +deploy_to_production service_name=search/,
    );
    expect((await there.cli(['grants', 'revoke', grant.id])).out).toBe(`${grant.id} is revoked\n`);
    expect((await there.cli(['grants', 'list'])).out).toMatch(new RegExp(`${grant.id} +revoked`));
  });

  it('refuse arguments that are no JSON object, and those of one call for several', async () => {
    expect((await there.cli(['approvals', 'approve', 'a', '--args', '[1]'])).err).toContain('must be a JSON object');
    const inexact = await there.cli(['approvals', 'approve', 'a', '--args', '{"id": 2512292042121000001}']);
    expect(inexact.err).toContain('--args: /id: the number 2512292042121000001 cannot be kept exactly');
    expect((await there.cli(['approvals', 'approve', 'a', 'b', '--result', 'x'])).code).toBe(2);
    expect((await there.cli(['approvals', 'approve', 'a', 'b', '--digest', 'x'])).code).toBe(2);
  });
});

describe('other rules', () => {
  it('are tried on what was asked for, and explained, before they decide anything', async () => {
    const { id } = await there.waiting('1.9.9');
    const file = join(there.dir, 'new.yaml');
    const when = "{ arguments: { version: { equals: '1.9.9' } } }";
    writeFileSync(file, `policies: { rules: [{ name: no nines, when: ${when}, then: { reject: 'No.' } }] }\n`);
    const { code, out } = await there.cli(['policy', 'backtest', file, '--since', '1d']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Over 1d \d+ of \d+ calls would have been decided otherwise\.\n/);
    expect(out).toMatch(
      / 1 person \(default\) +reject \(no nines\) +more or other +deploy_to_production .*version=1\.9\.9/,
    );
    const explained = await there.cli(['policy', 'explain', id.slice(0, 13), '--config', file]);
    expect(explained.out).toMatch(/● no nines {2}matches\n→ reject by no nines: No\.\n$/);
    expect((await there.cli(['policy', 'backtest', file, '--since', 'long'])).code).toBe(2);
    expect(await there.json<Approval>('approvals', 'show', id)).toMatchObject({ status: 'pending' });
  });
});
