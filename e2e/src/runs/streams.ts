import { describe, expect, it } from 'vitest';
import { Client } from '../world/client.js';
import { retold } from '../world/event-stream.js';
import { pendingOf } from '../world/flow.js';
import { call, text, wants } from './model-plans.js';
import { aLine, type World } from '../world/world.js';

/** What happens to a run, for who watches it. */
export function streamScenarios(world: World): void {
  describe('whoever watches a run', () => {
    const words = 'I have a look at it first, and then I tell you.';

    it('reads what the model writes while it writes it, in one request and beside it, to the end', async () => {
      const line = aLine();
      const input = world.plans.plan('write a line', {
        output: [text(words), call('write_line', { line })],
        delay: 500,
        chunk_delay: 300,
      });
      const instances = world.stack.children('agent-runner').map(({ url }) => new Client({ ...here(), runs: url }));
      const asking = await instances[0]!.startStream(input, 'worker');
      const { run_id } = (await asking.next('RunStarted')).data as { run_id: string };
      const beside = await Promise.all(instances.map((client) => client.watchRun(run_id)));
      for (const stream of [asking, ...beside]) await stream.next('RunContent');
      expect(await world.client.runs.get(run_id)).toMatchObject({ status: 'RUNNING', steps: 0 });

      for (const stream of [asking, ...beside])
        expect((await stream.next('RunPaused')).data).toMatchObject({
          run_id,
          tools: [{ tool_name: 'write_line', tool_args: { line } }],
        });
      const [approval] = await pendingOf(world.client, run_id);
      await world.client.resolve(approval!.id, 'approved', 'ada');
      const fresh = retold(await (await world.client.watchRun(run_id)).all());
      expect(fresh.map(({ event }) => event)).toEqual([
        'RunStarted',
        'RunContent',
        'RunContentCompleted',
        'RunPaused',
        'ToolCallStarted',
        'ToolCallCompleted',
        'RunContinued',
        'RunContent',
        'RunContentCompleted',
        'RunCompleted',
      ]);
      expect(fresh.flatMap((told) => told.text ?? [])).toEqual([words, words, 'Done.', 'Done.']);
      for (const stream of [asking, ...beside]) expect(retold(await stream.all())).toEqual(fresh);
      expect(asking.seen.filter(({ event }) => event === 'RunContent').length).toBeGreaterThan(2);
    });

    it('goes on where the connection broke, in the middle of a text or when everything was stopped', async () => {
      const writing = { output: [text(words)], chunk_delay: 100 };
      const looking = { ...writing, output: [...writing.output, call('write_line', { line: aLine() })] };
      const first = await world.client.startStream(world.plans.plan('tell me', looking, writing), 'worker');
      const { run_id } = (await first.next('RunStarted')).data as { run_id: string };
      await first.next('RunContent');
      await first.close();
      const second = await world.client.watchRun(run_id, first.seen.at(-1)!.id);
      await second.next('RunPaused');
      await world.stack.stop();
      await second.ended;
      await world.stack.start();

      const third = await world.client.watchRun(run_id, second.seen.at(-1)!.id);
      const [approval] = await pendingOf(world.client, run_id);
      await world.client.resolve(approval!.id, 'approved', 'ada');
      await third.next('RunContent');
      await third.close();
      const fourth = await world.client.watchRun(run_id, third.seen.at(-1)!.id);
      await fourth.ended;
      const together = [first, second, third, fourth].flatMap(({ seen }) => seen);
      const fresh = await (await world.client.watchRun(run_id)).all();
      expect(fresh.at(-1)!.event).toBe('RunCompleted');
      expect(retold(together)).toEqual(retold(fresh));
    });

    it('may send a form, and is answered when somebody has to decide', async () => {
      const plan = () => world.plans.plan('write a line', wants(call('write_line', { line: aLine() })));
      const asForm = (fields: Record<string, string>) => {
        const form = new FormData();
        for (const [name, value] of Object.entries(fields)) form.set(name, value);
        return form;
      };
      const runs = [
        await world.client.startByForm(new URLSearchParams({ message: plan(), stream: 'false' }), 'worker'),
        await world.client.startByForm(asForm({ message: plan(), stream: 'false', user_id: 'grace' }), 'worker'),
      ];
      for (const run of runs) expect(run).toMatchObject({ status: 'PAUSED', tools: [{ tool_name: 'write_line' }] });
      expect(runs[1]!.user_id).toBe('grace');
      const streams = [
        await world.client.startStream(new URLSearchParams({ message: plan(), stream: 'true' }), 'worker'),
        await world.client.startStream(asForm({ message: plan() }), 'worker'),
      ];
      for (const stream of streams)
        expect((await stream.all()).map(({ event }) => event)).toEqual(['RunStarted', 'RunPaused']);
    });

    const here = () => world.client.origins;
  });
}
