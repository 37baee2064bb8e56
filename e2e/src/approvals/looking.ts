import type { EventName } from '@countersign/contracts';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { pausedLine } from '../runs/line-run.js';
import { forgedResult } from '../world/poison.js';
import type { World } from '../world/world.js';

/** What those see who look on, at whichever instance. */
export function lookingScenarios(world: World): void {
  describe('whoever looks on', () => {
    it('sees each approval as it changes, on any instance', async () => {
      const streams = await Promise.all([world.client.watchApprovals(), world.client.watchApprovals()]);
      const { run, approval } = await pausedLine(world, 'ordinary');
      await world.client.resolve(approval.id, 'approved', 'ada');
      await world.ended(run.run_id);
      for (const stream of streams) {
        const seen = () =>
          stream.seen.filter(({ data }) => data['id'] === approval.id).map(({ data }) => data['status']);
        await eventually('the outcome', async () => seen().includes('approved'));
        await stream.close();
      }
    });

    it('finds an approval by the words of its call', async () => {
      const { approval, line } = await pausedLine(world, 'ordinary');
      const { data } = await world.client.approvals.list({ text: line.toUpperCase(), status: 'pending' });
      expect(data.map(({ id }) => id)).toEqual([approval.id]);
      expect((await world.client.approvals.list({ text: randomUUID() })).data).toEqual([]);
      await world.client.resolve(approval.id, 'rejected', 'ada');
    });

    it('sees the latest events of all services, also those from before a restart', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary');
      await world.client.resolve(approval.id, 'approved', 'ada');
      await world.ended(run.run_id);
      const story = async () => {
        const events = await world.client.events.list({ run_id: run.run_id, limit: 1000 });
        return new Set(events.map(({ type }) => type));
      };
      const told: EventName[] = ['run.started', 'tool.approval_required', 'approval.resolved', 'run.completed'];
      await eventually('the story of the run', async () => {
        const seen = await story();
        return told.every((type) => seen.has(type));
      });
      await world.stack.stop('approval-service');
      await world.stack.start();
      await eventually('the story of the run, after a restart', async () => (await story()).has('run.completed'));
    });

    it('sees what could not be handled, and has it handled again or lets it go', async () => {
      const mark = randomUUID();
      const poison = forgedResult(mark);
      await world.stack.withBus((bus) => bus.publish([poison]));
      const open = async () => (await world.client.letters({ status: 'open' })).filter(({ key }) => key === mark);
      const [letter] = await eventually('the dead letter', async () => {
        const found = await open();
        return found.length === 1 && found;
      });
      expect(letter).toMatchObject({
        topic: 'tool.execution_completed',
        group: 'agent-runner',
        code: 'not_authentic',
      });
      const alike = await world.client.letters({ code: 'not_authentic' });
      expect(alike.map(({ id }) => id)).toContain(letter!.id);
      expect(new Set(alike.map(({ code }) => code))).toEqual(new Set(['not_authentic']));
      const whole = await world.client.deadLetters.get(letter!.id);
      expect(Buffer.from(whole.value!, 'base64').toString()).toBe(String(poison.value));
      expect(await world.client.deadLetters.replay(letter!.id, 'again')).toMatchObject({ status: 'replayed' });
      const [second] = await eventually('it to be given up again', async () => {
        const found = await open();
        return found.length === 1 && found;
      });
      expect(second!.id).not.toBe(letter!.id);
      await world.client.deadLetters.discard(second!.id, 'nobody needs it');
      await expect(world.client.deadLetters.replay(second!.id, 'no')).rejects.toMatchObject({ status: 409 });
      expect(await open()).toEqual([]);
    });

    it('reaches runs and executions at the address of the approvals', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary');
      const { approvals } = world.client.origins;
      const ask = async (path: string) => {
        const response = await fetch(approvals + path, { headers: world.client.admin });
        return [response.status, ((await response.json()) as { data?: unknown; status?: unknown }).status];
      };
      expect(await ask(`/runs/${run.run_id}`)).toEqual([200, 'PAUSED']);
      expect((await ask('/executions'))[0]).toBe(200);
      expect((await fetch(`${approvals}/runs/${run.run_id}`)).status).toBe(401);
      await world.client.resolve(approval.id, 'rejected', 'ada');
    });
  });
}
