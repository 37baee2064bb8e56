import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, wants } from '../runs/model-plans.js';
import type { Builds } from '../world/stack.js';
import { aLine, World, type MakeStack } from '../world/world.js';
import type { Previous } from './previous.js';

/** What is of the version before; anything else is of this one. */
type OfPrevious = readonly (keyof Builds)[];

/**
 * Two versions share the work, with runs under way that one began and the other ends; each call is made once.
 *
 * @param version the one before, or why there is none
 */
export function describeUpgrades(
  name: string,
  version: Previous | string,
  [first, ...next]: readonly [OfPrevious, ...OfPrevious[]],
  makeStack: MakeStack,
): void {
  if (typeof version === 'string') {
    // Counted, and seen: nobody takes it for tried.
    const line = '!'.repeat(100);
    console.error(`\n${line}\n  NOT TESTED: an upgrade on ${name}. ${version}.\n${line}\n`);
    it.skip(`An upgrade on ${name}: ${version}`);
    return;
  }
  const { name: previous, build } = version;
  const of = (apps: OfPrevious): Builds => Object.fromEntries(apps.map((app) => [app, build]));

  describe(`This version beside ${previous} on ${name}`, () => {
    const world = new World((options) => makeStack({ ...options, builds: of(first) }));
    beforeAll(() => world.open(), 120_000);
    afterAll(() => world.close());

    const asked: (string | null)[] = [];
    const ask = async () => {
      const line = aLine();
      const paused = await world.startPaused(world.plans.plan('deploy', wants(call('deploy', { line }))));
      asked.push(paused.run.run_id, paused.approval.id);
      return { line, ...paused };
    };
    type Asked = Awaited<ReturnType<typeof ask>>;
    const approve = ({ approval }: Asked) => world.client.resolve(approval.id, 'approved', 'ada');
    const expectDone = async (...all: Asked[]) => {
      for (const { run, line } of all) {
        expect(await world.ended(run.run_id)).toMatchObject({
          status: 'COMPLETED',
          tools: [{ tool_call_error: false }],
        });
        expect(world.timesWritten(line)).toBe(1);
      }
    };

    it('goes on with what the other one began, in both orders, and makes each call once', async () => {
      const askForThree = () => Promise.all([ask(), ask(), ask()]);
      let waiting = await askForThree();
      for (const after of next) {
        const [held, during, later] = waiting;
        await world.client.turn('pause', null);
        await approve(held);
        await world.stack.roll(of(after), async () => {
          await approve(during);
          await world.client.turn('resume', null);
          waiting = await askForThree();
        });
        await approve(later);
        await expectDone(held, during, later);
      }
      await Promise.all(waiting.map(approve));
      await expectDone(...waiting);
      // Other scenarios leave letters of theirs on the same log.
      expect((await world.client.letters()).filter(({ key }) => asked.includes(key))).toEqual([]);
    }, 180_000);
  });
}
