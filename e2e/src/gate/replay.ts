import type { CommandName } from '@countersign/auth';
import type { Message } from '@countersign/messaging';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { says } from '../runs/model-plans.js';
import type { World } from '../world/world.js';

/** Of somebody who can read the topics and write to them, and has no key: what was said once is said again. */
export function replayScenarios(world: World): void {
  const publish = (...messages: Message[]) => world.stack.withBus((bus) => bus.publish(messages));

  describe('what was written before, by whoever may', () => {
    it('does not resume a tool that was paused since, whatever time the command gives itself', async () => {
      const isPaused = async () =>
        (await world.client.executions.switches()).find(({ tool_name }) => tool_name === 'deploy')?.paused;
      const data = { tool_name: 'deploy' };
      const said = await world.client.command('tool.resume_requested', data, 'otto', { roles: ['operator'] });
      const resume = message('tool.resume_requested', 'deploy', said, { ce_time: '2099-01-01T00:00:00Z' });
      await world.client.turn('pause', 'deploy');
      await publish(resume);
      await eventually('the tool to be resumed', async () => (await isPaused()) === false);
      await world.client.turn('pause', 'deploy');
      await publish(resume);
      const last = message('tool.resume_requested', 'deploy', { ...said, token: 'none' }, { ce_time: '2099-01-02' });
      await publish(last);
      await eventually('what came after it to be refused', async () =>
        (await world.client.events.list({ type: ['tool.resume_refused'], run_id: 'deploy' })).at(0),
      );
      expect(await isPaused()).toBe(true);
      await world.client.turn('resume', 'deploy');
    });
  });

  describe('the name of a run', () => {
    it('that is that of somebody’s session keeps nobody from it', async () => {
      const session_id = `chat-${randomUUID()}`;
      const talk = async () => {
        const alice = await world.client.for('alice', { roles: ['requester'] });
        return alice.startRun(world.plans.plan(randomUUID(), says('Yes.')), { agent: 'worker', session_id });
      };
      await world.ended((await talk()).run_id);
      const data = { run_id: session_id, agent_id: 'worker', input: world.plans.plan('mine', says('Yes.')) };
      const squat = { ...data, session_id: `other-${randomUUID()}` };
      const command = await world.client.command('run.requested', squat, 'mallory', { roles: ['requester'] });
      await publish(message('run.requested', session_id, command));
      const squatter = await eventually(
        'the run',
        async () => (await world.client.runs.list({ session_id: squat.session_id })).data[0],
      );
      expect(squatter).toMatchObject({ run_id: session_id, user_id: 'mallory' });
      expect(await world.ended((await talk()).run_id)).toMatchObject({ status: 'COMPLETED' });
    });

    it('that is taken is said to whoever asks for it, and not passed over in silence', async () => {
      const ce = { ce_id: '1', ce_source: '/platform' };
      const start = async (who: string) => {
        const data = { agent_id: 'worker', input: world.plans.plan(`${who} ${randomUUID()}`, says('Yes.')) };
        const command = await world.client.command('run.requested', data, who, { roles: ['requester'] });
        await publish(message('run.requested', who, command, ce));
        return data.input;
      };
      const first = await start('alice');
      const runOf = async (input: string) =>
        (await world.client.runs.list({})).data.find((run) => run.run_input === input);
      await eventually('the run', () => runOf(first));
      await start('mallory');
      const refusal = await eventually('the refusal', async () =>
        (await world.client.events.list({ type: ['run.refused'], run_id: 'mallory' })).at(0),
      );
      expect(refusal.data).toMatchObject({ command_id: '1', command_source: '/platform', code: 'run_id_taken' });
    });
  });
}

const message = (topic: CommandName, key: string, data: object, headers: Record<string, string> = {}): Message => ({
  topic,
  key,
  headers: { ...(Object.keys(headers).length > 0 && { ce_id: 'said-once', ce_source: '/platform' }), ...headers },
  value: Buffer.from(JSON.stringify(data)),
});
