import { eventNames } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import { secondsOf } from '@countersign/contracts/time';
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { asked, executionsOnce } from './executor-calls.js';
import { forged, signedWithUnknownKey } from '../gate/forgery.js';
import { readAll, type CrashPoint } from '../world/stack.js';
import { World, type MakeStack } from '../world/world.js';

/** Something that goes wrong while calls are made. */
export type Disturbance = (world: World, approvals: readonly Approval[]) => Promise<void>;

const leaseMs = 2_000;
const tools = ['deploy', 'deploy_again', 'deploy_asking'] as const;
/** Calls of each tool that are approved before each disturbance, and what one of them takes at the most. */
const atOnce = 2;
const longestMs = 1_200;

/** Executors die, freeze, and are told things twice and by those who may not; the target's own ledger is the judge. */
export function describeChaos(name: string, makeStack: MakeStack, disturbances: readonly Disturbance[]): void {
  describe(`In a hostile world, on ${name},`, () => {
    const world = new World(makeStack, { LEASE_SECONDS: String(secondsOf(leaseMs)) }, 'executor.yaml');
    beforeAll(() => world.open(), 120_000);
    afterAll(() => world.close());

    it('nothing starts without a decision, nothing twice that must not, and everything ends or waits for a person', async () => {
      const rounds = disturbances.length;
      const takes = () => ({ takes: String(randomInt(50, longestMs)) });
      const given = await Promise.all(
        tools.map((tool) => asked(world, tool, ...Array.from({ length: atOnce * rounds + 1 }, takes))),
      );
      // Of each tool one is never approved.
      const approvals = given.map((each) => each.approvals.slice(1)).flat();
      const unapproved = given.map((each) => each.approvals[0]!);
      const all = [...unapproved, ...approvals];

      for (const [round, disturb] of disturbances.entries()) {
        const now = given.flatMap((each) => each.approvals.slice(1).slice(round * atOnce, (round + 1) * atOnce));
        await Promise.all(now.map((approval) => approve(approval)));
        await delay(randomInt(0, longestMs));
        await disturb(world, all);
      }
      for (const { id } of unapproved) await survive(() => world.client.resolve(id, 'rejected', 'ada'));

      const executions = (
        await Promise.all(
          given.map(({ run }) =>
            executionsOnce(world, run, 'every execution to be over or parked', (found) => {
              const real = found.filter(({ id, approval_id }) => id === approval_id);
              return real.length === atOnce * rounds && real.every(isSettled);
            }),
          ),
        )
      ).flat();
      judge(executions, approvals, unapproved);
      const lost = executions
        .flatMap(({ attempts }) => attempts)
        .filter(({ outcome }) => outcome === 'outcome_unknown');
      expect(lost, 'what nobody saw the end of: otherwise this world was not hostile').not.toEqual([]);

      for (const { id, status } of executions) {
        if (status === 'outcome_unknown') await world.client.settle(id, 'succeeded', 'The ledger says so.');
      }
      // That it ends, not how soon: a member of a group that has to join it anew takes its time.
      for (const { run } of given) expect(await world.ended(run.run_id, 60)).toMatchObject({ status: 'COMPLETED' });
      judge(executions, approvals, unapproved);
    }, 240_000);

    /** Does what a crash may interrupt: a supervisor starts what has died, and it is tried again. */
    let reviving: Promise<void> | undefined;
    const survive = <T>(work: () => Promise<T>) =>
      eventually(
        'it to work in spite of it all',
        async () => {
          try {
            return await work();
          } catch {
            await (reviving ??= world.stack.start().finally(() => (reviving = undefined)));
            return undefined;
          }
        },
        { ms: 60_000 },
      );

    async function approve({ id }: Approval): Promise<void> {
      await survive(async () => {
        // Being told that it is resolved is fine: the answer to the first try may have been lost.
        const { status } = await world.client.approvals.get(id);
        return status === 'approved' || (await world.client.resolve(id, 'approved', 'ada'));
      });
    }

    function judge(executions: readonly Execution[], approved: readonly Approval[], never: readonly Approval[]): void {
      const begun = world.ledger().filter(({ what }) => what === 'start');
      const decided = new Set(approved.map(({ id }) => id));
      expect(begun.filter(({ id }) => !decided.has(id))).toEqual([]);
      expect(never.flatMap((approval) => world.startsOf(approval))).toEqual([]);
      for (const { id, tool_name, status, attempts } of executions.filter((each) => decided.has(each.id))) {
        const starts = world.startsOf({ id });
        expect(new Set(starts).size, `${tool_name} ${id} started one attempt twice`).toBe(starts.length);
        if (tool_name !== 'deploy_again') expect(starts.length, `${tool_name} ${id}`).toBeLessThanOrEqual(1);
        if (status === 'succeeded') expect(starts.length, `${tool_name} ${id}`).toBeGreaterThan(0);
        expect(starts.length).toBeLessThanOrEqual(attempts.length);
      }
    }
  });
}

const isSettled = ({ status }: Execution): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'outcome_unknown';

const anyExecutor = (world: World) => {
  const executors = world.stack.children('executor');
  return executors[randomInt(executors.length)]!;
};

/** `kill -9` of one executor, and what a supervisor does then. */
export const killed: Disturbance = async (world) => {
  await anyExecutor(world).kill();
  await world.stack.start();
};

/** `kill -9` at a point of the flow, of the executor that comes to it first; another that is killed has left it work. */
export const killedAt =
  (point: CrashPoint): Disturbance =>
  async (world) => {
    world.stack.crashAt(point);
    await anyExecutor(world).kill();
    // What waits for it may end it before it is ready: then a supervisor starts it as it does any other.
    await world.stack.start().catch(() => world.stack.start());
  };

/** Halted for longer than its lease, in the middle of whatever it was doing; then it goes on as if nothing were. */
export const frozen: Disturbance = async (world) => {
  const executor = anyExecutor(world);
  executor.signal('SIGSTOP');
  await delay(leaseMs * 1.5);
  executor.signal('SIGCONT');
};

/** Everything that was ever said is said once more, and decisions that nobody took are among it. */
export const replayed: Disturbance = async (world, approvals) => {
  const nobodys = await Promise.all(
    approvals.map(async (approval) => [
      forged(approval),
      forged(approval, { signature: await signedWithUnknownKey(approval) }),
    ]),
  );
  await world.stack.withBus(async (bus) => {
    const said = await readAll(bus, eventNames);
    await bus.publish(nobodys.flat());
    await bus.publish(said.map(({ topic, key, headers, value }) => ({ topic, key, headers, value })));
  });
};

/** SIGTERM to all executors while they are at work. */
export const stopped: Disturbance = async (world) => {
  await world.stack.stop('executor');
  await world.stack.start();
};
