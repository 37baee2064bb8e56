import type { CommandName } from '@countersign/auth';
import type { Message } from '@countersign/messaging';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Client } from '../world/client.js';
import { Credentials, type Access } from '../world/credentials.js';
import { eventually } from '../world/eventually.js';
import type { StreamOptions } from '@countersign/client';
import { EventStream } from '../world/event-stream.js';
import { pendingOf } from '../world/flow.js';
import { lineRun, pausedLine } from '../runs/line-run.js';
import { eventsOf } from '../world/stack.js';
import type { World } from '../world/world.js';

/** Who somebody is, what they may do, and for how long. */
export function identityScenarios(world: World): void {
  const publish = (type: CommandName, key: string, ...all: object[]) =>
    world.stack.withBus((bus) => bus.publish(all.map((data) => bare(type, key, data))));

  /** A run of somebody that waits for its approval. */
  async function pausedRunOf(client: Client, rule: string) {
    const { input, line } = lineRun(world, rule);
    const { run_id } = await client.startRun(input, { agent: 'worker' });
    const [approval] = await pendingOf(world.client, run_id);
    return { run_id, approval: approval!, line };
  }

  /** A key of somebody, with its id, to be revoked. */
  async function aKey(subject: string, access: Access, expires_in: number | null = null) {
    const { auth, origins } = world.client;
    const { key, record } = await auth.createKey({ name: 'for a test', subject, ...access, expires_in });
    return {
      key,
      as: { authorization: `Bearer ${key}` },
      client: new Client(origins, new Credentials(key)),
      revoke: () => auth.revokeKey(record.id),
    };
  }

  describe('who somebody is', () => {
    it('two spellings of one person cannot be two: one asks, the other may not approve', async () => {
      const ada = await world.client.for('Ada@Example.com ', { roles: ['requester'] });
      const { run_id, approval, line } = await pausedRunOf(ada, 'ordinary');
      expect(approval).toMatchObject({ user_id: 'ada@example.com' });
      for (const spelling of ['ada@example.com', 'ADA@EXAMPLE.COM', 'ａｄａ@example.com'])
        await expect(world.client.resolve(approval.id, 'approved', spelling)).rejects.toMatchObject({ status: 403 });
      expect(await world.client.runs.get(run_id)).toMatchObject({ status: 'PAUSED' });
      expect((await world.client.runs.list({ user_id: 'ADA@example.com' })).data).toMatchObject([{ run_id }]);
      await world.client.resolve(approval.id, 'approved', 'bob');
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(1);
    });

    it('two spellings of one person count once where two must approve', async () => {
      const { run, approval } = await pausedLine(world, 'critical');
      await world.client.resolve(approval.id, 'approved', 'olga');
      for (const spelling of ['Olga', ' OLGA '])
        await expect(world.client.resolve(approval.id, 'approved', spelling)).rejects.toThrow(/olga has decided/);
      expect(await world.client.approvals.get(approval.id)).toMatchObject({
        status: 'pending',
        decisions: [{ by: 'olga' }],
      });
      await world.client.resolve(approval.id, 'approved', 'OSCAR');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    });

    it("nobody has a key in the name of the installation's own administrator", async () => {
      await expect(world.client.for(' ADMIN', { roles: ['viewer'] })).rejects.toThrow(/own administrator/);
    });
  });

  describe('whose run it is', () => {
    it.each<[string, Access]>([
      ['an approver', { roles: ['approver', 'requester'] }],
      ['an operator', { roles: ['operator', 'requester'] }],
    ])('%s who may start runs neither cancels nor answers those of others', async (who, access) => {
      const owner = await world.client.for('alice', { roles: ['requester'] });
      const { run_id, approval } = await pausedRunOf(owner, 'ordinary');
      const carl = await world.client.for(`carl, ${who}`, access);
      const run = await carl.runs.get(run_id);
      await expect(carl.cancelRun(run_id, 'mine now', 'worker')).rejects.toMatchObject({ status: 404 });
      const tools = [{ tool_call_id: approval.id, confirmed: true }];
      await expect(carl.runs.continue(run, { tools })).rejects.toMatchObject({ status: 404 });

      const cancel = { run_id, reason: 'mine now' };
      const { token } = await carl.auth.commandToken({ type: 'run.cancel_requested', data: cancel });
      await publish('run.cancel_requested', run_id, { ...cancel, token });
      await eventually('the refusal', async () =>
        (await world.client.events.list({ type: ['run.cancel_refused'], run_id })).some(
          ({ data: { code } }) => code === 'run_not_found',
        ),
      );
      expect(await world.client.runs.get(run_id)).toMatchObject({ status: 'PAUSED' });
      const alice = await world.client.for('alice', { roles: ['requester'] });
      expect(await alice.cancelRun(run_id, 'enough', 'worker')).toMatchObject({ status: 'CANCELLED' });
    });

    it('an operator pauses and resumes, and neither decides nor makes keys', async () => {
      const operator = await world.client.for('otto', { roles: ['operator'] });
      const isPaused = async () =>
        (await operator.executions.switches()).some(({ tool_name, paused }) => tool_name === null && paused);
      await operator.turn('pause', null);
      expect(await isPaused()).toBe(true);
      await operator.turn('resume', null);
      expect(await isPaused()).toBe(false);
      const { approval, run } = await pausedLine(world, 'ordinary');
      const resolve = fetch(`${operator.origins.approvals}/approvals/${approval.id}/resolve`, {
        method: 'POST',
        headers: { ...operator.admin, 'content-type': 'application/json' },
        body: JSON.stringify({ status: 'approved' }),
      });
      expect((await resolve).status).toBe(403);
      await expect(operator.for('eve', { roles: ['admin'] })).rejects.toMatchObject({ status: 403 });
      await world.client.cancelRun(run.run_id, 'done', 'worker');
    });
  });

  describe('a token for a command', () => {
    const refusalsOf = async (run_id: string) =>
      (await eventsOf(world.stack, run_id)).filter(({ type }) => type === 'approval.resolve_refused');
    const refused = (run_id: string, count: number) =>
      eventually('the refusals', async () => {
        const found = await refusalsOf(run_id);
        return found.length >= count && found.map(({ data }) => (data as { reason: string }).reason);
      });

    it('that was made to reject approves nothing, and one that was used is used up', async () => {
      const { run, approval, line } = await pausedLine(world, 'critical');
      const reject = { approval_id: approval.id, status: 'rejected' };
      const { token } = await world.client.command('approval.resolve_requested', reject, 'olga');
      const approve = { approval_id: approval.id, status: 'approved' };
      const used = await world.client.command('approval.resolve_requested', approve, 'oscar');
      await publish('approval.resolve_requested', run.run_id, { ...approve, token }, used, used);
      expect((await refused(run.run_id, 2)).toSorted()).toEqual([
        expect.stringContaining('is for another command'),
        expect.stringContaining('was used for another message'),
      ]);
      expect(await world.client.approvals.get(approval.id)).toMatchObject({
        status: 'pending',
        decisions: [{ by: 'oscar' }],
      });
      await world.client.resolve(approval.id, 'rejected', 'olga');
      await world.ended(run.run_id);
      expect(world.timesWritten(line)).toBe(0);
    });

    it('of a key that was revoked since is refused', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary');
      const leaver = await aKey('lena', { roles: ['approver'] });
      const data = { approval_id: approval.id, status: 'approved' };
      const { token } = await leaver.client.auth.commandToken({ type: 'approval.resolve_requested', data });
      await leaver.revoke();
      await publish('approval.resolve_requested', run.run_id, { ...data, token });
      expect(await refused(run.run_id, 1)).toEqual([expect.stringContaining('a key or login that has ended')]);
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending', decisions: [] });
      await world.client.resolve(approval.id, 'rejected', 'ada');
    });

    it('lasts no longer than the login that it came from', async () => {
      const short = await aKey('sam', { roles: ['requester'] }, 5);
      const command = { type: 'run.cancel_requested', data: { run_id: randomUUID() } } as const;
      expect((await short.client.auth.commandToken(command, 3_600)).expires_in).toBeLessThanOrEqual(5);
    });
  });

  describe('a key that is revoked', () => {
    it('ends what was opened with it, on every service and instance', async () => {
      const { run } = await pausedLine(world, 'ordinary');
      const looker = await aKey('vera', { roles: ['viewer'] });
      const { client } = looker;
      const log = (options: StreamOptions) => client.events.stream({}, options);
      const streams = await Promise.all([
        client.watchApprovals(),
        EventStream.of(async function* (options) {
          for await (const data of log(options)) yield { id: data.id, event: data.type, data };
        }),
        client.watchRun(run.run_id),
      ]);
      const isOver = streams.map(() => false);
      streams.forEach(({ ended }, n) => void ended.catch(() => {}).then(() => (isOver[n] = true)));
      const poll = client.waitForRun(run.run_id, ['COMPLETED'], 60);
      poll.catch(() => {});
      await looker.revoke();
      await eventually('the streams to end', async () => isOver.every(Boolean), { ms: 10_000 });
      await expect(poll).rejects.toMatchObject({ status: 401 });
      await world.client.cancelRun(run.run_id, 'done', 'worker');
    });
  });
}

const bare = (topic: string, key: string, data: object): Message => ({
  topic,
  key,
  headers: {},
  value: Buffer.from(JSON.stringify(data)),
});
