import { after, systemClock, toEpochSeconds } from '@countersign/contracts/time';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, openInstallation, type Installation } from '../test/installation.fixtures.js';
import { CountersignClient } from './client.js';
import { shapes } from './shapes.js';

let there: Installation;
let client: CountersignClient;
/** `GET /runs/x`, of everything that was asked for. */
const asked = new Set<string>();
const recording: typeof fetch = (url, init) => {
  asked.add(`${init?.method} ${new URL(url as string).pathname}`);
  return fetch(url, init);
};
/** Every answer is checked against its schema. */
const clientWith = (key: string) => new CountersignClient({ url: there.url, key, shapes, fetch: recording });
beforeAll(async () => {
  there = await openInstallation();
  client = clientWith(adminKey);
});
afterAll(() => there.close());

/** A run that is paused, and what it waits for. */
async function paused(version: string) {
  const { run_id } = await client.runs.start('ops', {
    input: `Deploy the search service version ${version} to production.`,
  });
  const run = await client.runs.waitFor(run_id, { for: ['PAUSED'] });
  const approval_id = run.requirements[0]!.tool_execution.approval_id!;
  await eventually(() => client.approvals.get(approval_id));
  return { run, approval_id };
}

/** Looks again until it is there. */
async function eventually<T>(look: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + 15_000; ; await new Promise((resolve) => setTimeout(resolve, 20)))
    try {
      return await look();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
}

describe('the client and a server of the same version', () => {
  it('agree on runs', async () => {
    expect((await client.agents.list()).map(({ id }) => id)).toEqual(['ops', 'bot']);
    expect((await client.agents.get('ops')).name).toBe('Operations');
    const { run } = await paused('1.0.0');
    expect((await client.runs.get(run.run_id)).status).toBe('PAUSED');
    expect((await client.runs.list({ status: 'PAUSED', limit: 10 })).data[0]!.run_id).toBe(run.run_id);
    for await (const { run_id } of client.runs.all({ limit: 1 })) expect(run_id).toBe(run.run_id);
    expect((await client.sessions.list()).data[0]!.session_id).toBe(run.session_id);
    expect((await client.sessions.get(run.session_id)).agent_id).toBe('ops');
    expect((await client.sessions.runs(run.session_id))[0]!.run_id).toBe(run.run_id);
    expect((await client.sessions.run(run.session_id, run.run_id)).run_id).toBe(run.run_id);
    expect((await client.sessions.rename(run.session_id, ' A release ')).session_name).toBe('A release');
    const refused = client.runs.continue(run, { requirements: [{ id: 'none', confirmation: true }] });
    await expect(refused).rejects.toMatchObject({ status: expect.any(Number) as number });
    const events = client.runs.events(run.run_id);
    expect((await client.runs.cancel(run, 'enough')).status).toBe('CANCELLED');
    const names: string[] = [];
    for await (const { event } of events) names.push(event);
    expect([names[0], names.at(-1)]).toEqual(['RunStarted', 'RunCancelled']);
    await expect(client.runs.retry(run.run_id)).rejects.toMatchObject({ status: 409, code: 'run_over' });
  });

  it('agree on runs that are started by a form or as a stream', async () => {
    const message = 'Deploy the search service version 1.1.0 to production.';
    expect((await client.runs.startByForm('ops', new URLSearchParams({ message, stream: 'false' }))).status).toBe(
      'PAUSED',
    );
    const names: string[] = [];
    const form = new FormData();
    form.set('message', message);
    for await (const { event } of client.runs.startStream('ops', form)) names.push(event);
    expect([names[0], names.at(-1)]).toEqual(['RunStarted', 'RunPaused']);
    for await (const { data } of client.runs.startStream('ops', { input: message }))
      if (data.event === 'RunPaused') break;
  });

  it('agree on the record, and on what proves a run', async () => {
    const { run } = await paused('1.2.0');
    const { audit } = client;
    const entries = await eventually(async () => {
      const { data } = await audit.list({ run_id: run.run_id });
      if (data.length < 3) throw new Error('not yet');
      return data;
    });
    for await (const { index } of audit.all({ limit: 1, run_id: run.run_id })) expect(index).toBeGreaterThanOrEqual(0);
    for (const format of ['ndjson', 'ocsf', 'cef'] as const) {
      const pages: { text: string; next: number | null }[] = [];
      for await (const page of audit.exported({ format, run_id: run.run_id, limit: 2 })) pages.push(page);
      expect(pages.every(({ text }, n) => text.split('\n').length === 3 || n === pages.length - 1)).toBe(true);
      expect(pages.at(-1)!.next).toBeNull();
    }
    expect((await audit.checkpoint()).origin).toBe((await audit.key()).origin);
    expect((await audit.health()).is_whole).toBe(true);
    expect((await audit.inclusion(entries[0]!.index)).leaf_hash).toBe(entries[0]!.leaf_hash);
    expect((await audit.consistency(1)).from).toBe(1);
    expect(new TextDecoder().decode(await audit.evidence(run.run_id))).toContain(run.run_id);
    const hold = await audit.hold({ run_id: run.run_id, reason: 'a case' });
    expect((await audit.holds({ status: 'in_force' })).data).toEqual([hold]);
    expect(await audit.release(hold.id, 'closed')).toMatchObject({ status: 'released', release_reason: 'closed' });
    await expect(audit.release('h-0', 'closed')).rejects.toMatchObject({ code: 'hold_not_found' });
    await expect(audit.inclusion(1e9)).rejects.toMatchObject({ status: 404, code: 'not_on_record' });
  });

  it('agree on approvals, executions and grants', async () => {
    const { approval_id, run } = await paused('2.0.0');
    const { approvals, executions, grants } = client;
    const stream = approvals.stream({ after: '0' });
    const approval = await approvals.comment(approval_id, 'Looks right.');
    expect((await approvals.status(approval_id)).status).toBe('pending');
    expect(await approvals.countPending()).toBeGreaterThan(0);
    expect((await approvals.stats(7)).days).toHaveLength(7);
    expect((await approvals.list({ run_id: run.run_id, status: 'pending' })).data[0]!.id).toBe(approval_id);
    const run_ids = ['another', run.run_id];
    expect((await approvals.list({ run_ids })).data.map(({ id }) => id)).toEqual([approval_id]);
    expect((await approvals.list({ run_ids: ['another'] })).data).toEqual([]);
    const { digest } = approval;
    const grant = { expires_in: 60 };
    await approvals.resolve(approval_id, { status: 'approved', digest, resolution_data: { grant } });
    await expect(approvals.resolve(approval_id, { status: 'rejected' })).rejects.toMatchObject({ status: 409 });
    for await (const { event, data } of stream)
      if (event === 'approval' && data.id === approval_id && data.status === 'approved') break;

    const [given] = (
      await eventually(async () => {
        const page = await grants.list({ tool_name: 'deploy_to_production' });
        expect(page.data).toHaveLength(1);
        return page;
      })
    ).data;
    const tried = 'policies: { default: { approve: true } }';
    expect((await client.config.backtest({ text: tried, days: 1 })).laxer_total).toBeGreaterThan(0);
    expect(await client.config.shadow({ days: 1 })).toMatchObject({ total: 0, otherwise: [] });
    const ends_at = after(toEpochSeconds(systemClock()), 60);
    const named = await client.delegations.create({ deputy: 'grace@example.com', ends_at });
    expect((await client.delegations.list({ deputy: 'grace@example.com' })).data).toEqual([named]);
    expect((await client.delegations.revoke(named.id)).revoked_at).not.toBeNull();
    expect((await grants.get(given!.id)).agent_id).toBe('ops');
    expect((await grants.revoke(given!.id)).revoked_at).not.toBeNull();

    await eventually(() => executions.get(approval_id));
    expect((await executions.list({ run_id: run.run_id })).data[0]!.id).toBe(approval_id);
    expect((await executions.list({ run_ids })).data.map(({ id }) => id)).toEqual([approval_id]);
    expect((await executions.output(approval_id).catch(() => undefined))?.execution_id ?? approval_id).toBe(
      approval_id,
    );
    const done = { outcome: 'succeeded', result: 'Deployed.' } as const;
    await eventually(() => executions.report(approval_id, done));
    for (const late of [
      executions.retry(approval_id, { note: 'again' }),
      executions.cancel(approval_id, 'late'),
      executions.resolveUnknown(approval_id, { outcome: 'failed', note: 'late' }),
    ])
      await expect(late).rejects.toMatchObject({ status: 409 });
    expect((await executions.pause(null, 'a test'))[0]!.paused).toBe(true);
    await executions.resume(null);
    expect((await executions.switches()).every(({ paused }) => !paused)).toBe(true);
    expect((await client.runs.waitFor(run.run_id, { for: ['COMPLETED'] })).status).toBe('COMPLETED');
    await approvals.remove(approval_id);
  });

  it('agree on decisions about several', async () => {
    const { approval_id } = await paused('2.1.0');
    const { results } = await client.approvals.resolveMany({ ids: [approval_id, 'none'], status: 'rejected' });
    expect(results.map(({ status }) => status)).toEqual([200, 404]);
  });

  it('agree on questions, and on what is approved in an emergency', async () => {
    const { approvals } = client;
    const { approval_id: id } = await paused('2.1.1');
    const { key } = await client.auth.createKey({ name: 'asks', subject: 'grace', roles: ['approver'] });
    const { questions } = await clientWith(key).approvals.ask(id, 'Which ticket?');
    const answered = await approvals.answer(id, questions[0]!.id, 'OPS-1');
    expect(answered.questions[0]!.answer).toMatchObject({ text: 'OPS-1' });
    const { digest } = answered;
    await expect(approvals.breakGlass(id, { reason: 'an outage of all', digest })).rejects.toMatchObject({
      code: expect.any(String),
    });
    await expect(approvals.review(id, 'it was right')).rejects.toMatchObject({ code: expect.any(String) });
  });

  it('agree on the log, dead letters and notifications', async () => {
    const [newest] = await client.events.list({ type: ['run.started', 'run.cancelled'], limit: 1 });
    expect(newest!.type).toMatch(/^run\./);
    const past = await client.events.list({ limit: 2 });
    for await (const { id } of client.events.stream({}, { after: past[1]!.id })) {
      expect(id).toBe(past[0]!.id);
      break;
    }
    expect((await client.deadLetters.list({ status: 'open' })).data).toEqual([]);
    expect((await client.deliveries.list({ status: 'queued' })).data).toEqual([]);
    // There is no channel for browsers here.
    expect(await client.pushSubscriptions.list()).toEqual({ public_key: null, data: [] });
    const keys = { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) };
    const subscription = { endpoint: 'https://push.example/1', keys };
    await expect(client.pushSubscriptions.create(subscription)).rejects.toMatchObject({ code: 'push_not_possible' });
    await client.pushSubscriptions.remove('x');
    for (const letter of [client.deadLetters.get('x'), client.deadLetters.replay('x'), client.deadLetters.discard('x')])
      await expect(letter).rejects.toMatchObject({ status: 404 });
  });

  it('agree on calls of agents that run elsewhere', async () => {
    const { key } = await client.auth.createKey({ name: 'bot', subject: 'bot', roles: ['requester'] });
    const bot = clientWith(key);
    const asked = await bot.calls.ask('bot', { calls: [{ tool_name: 'refund', tool_args: { order: 'A-1' } }] });
    const { id } = asked.calls[0]!;
    expect((await bot.calls.get(asked)).version).toBe(asked.version);
    await eventually(() => client.approvals.resolve(id, { status: 'approved' }));
    expect((await bot.calls.next(asked)).calls[0]!.status).toBe('approved');
    const { digest } = await eventually(() => bot.executions.claim(id, { claim: 'one' }));
    expect((await bot.executions.extend(id, { claim: 'one' })).status).toBe('running');
    const said = { claim: 'one', digest, outcome: 'succeeded', result: 'Paid.' } as const;
    expect((await bot.executions.outcome(id, said)).status).toBe('succeeded');
  });

  it('agree on questions, and on emergencies', async () => {
    const { approvals } = client;
    const said = { reason: 'The shop is down.', digest: 'x' };
    for (const none of [
      approvals.ask('x', 'Why?'),
      approvals.answer('x', 'y', 'Since Monday.'),
      approvals.preview('x', { tool_args: { line: 'other' }, values: {} }),
      approvals.breakGlass('x', said),
      approvals.review('x', 'It was right.'),
    ])
      await expect(none).rejects.toMatchObject({ code: 'approval_not_found' });
  });

  it('agree on who asks', async () => {
    const { key, record } = await client.auth.createKey({ name: 'n', subject: 'Ada@x', roles: ['operator'] });
    const ada = clientWith(key);
    expect(await ada.auth.me()).toMatchObject({ subject: 'ada@x', display_name: 'Ada@x', csrf_token: null });
    const data = { tool_name: null };
    expect((await ada.auth.commandToken({ type: 'tool.resume_requested', data }, 60)).expires_in).toBeLessThan(61);
    expect((await client.auth.keys()).some(({ id }) => id === record.id)).toBe(true);
    expect((await ada.auth.signIn(key)).csrf_token).not.toBeNull();
    await ada.auth.signOut();
    await client.auth.revokeKey(record.id);
    await expect(ada.auth.me()).rejects.toMatchObject({ status: 401 });
  });

  it('agree on copies of embedded data', async () => {
    const { directory, bytes } = await client.backups.create();
    expect(directory).toContain('backups');
    expect(bytes).toBeGreaterThan(4_096);
  });

  it('agree on versions of the file', async () => {
    expect(await client.config.reload({ dry_run: true })).toMatchObject({ outcome: 'unchanged', number: 1 });
    const [version] = await client.config.versions();
    expect(version).toMatchObject({ number: 1, trigger: 'start', by: null });
    expect((await client.config.version(1)).text).toContain('agents:');
  });

  it('have no route that the client does not know', async () => {
    const { paths } = (await client.request('GET', '/openapi.json')) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const forOthers =
      /\/(health|metrics|schemas|\.well-known|channels|mcp|teams|workflows)\b|\/config$|GET \/auth\/sign-in/;
    const all = [...asked];
    const isKnown = (route: string) => {
      const pattern = new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
      return all.some((each) => pattern.test(each));
    };
    expect(routes.filter((route) => !isKnown(route) && !forOthers.test(route))).toEqual([]);
  });
});
