import type { DecisionVerdict } from '@countersign/contracts/approvals';
import { toEpochMillis } from '@countersign/contracts/time';
import fc, { type AsyncCommand } from 'fast-check';
import { expect } from 'vitest';
import { ApiError } from '@countersign/client';
import type { Client } from '../world/client.js';
import { eventually } from '../world/eventually.js';
import { pausedLine } from '../runs/line-run.js';
import { decide, end, people, requester, type Kind, type Remembered } from './approval.js';
import type { World } from '../world/world.js';

export type Memory = Remembered[];
type Step = AsyncCommand<Memory, World, boolean>;

/** How long before its end an approval is left alone, so that it is never open which of two came first. */
const margin = 1_000;

/** A step that is compared with the service afterwards. */
const step = (name: string, run: (memory: Memory, world: World) => Promise<void>, check = isAny): Step => ({
  check,
  async run(memory, world) {
    await letExpire(memory, world);
    await run(memory, world);
    await letExpire(memory, world);
    for (const approval of memory) await compare(approval, world.client);
  },
  toString: () => name,
});
const isAny = (memory: Readonly<Memory>): boolean => memory.length > 0;

async function compare(approval: Remembered, client: Client): Promise<void> {
  const { id, status, decisions, comments, resolved_by } = approval;
  if (approval.removed) return void (await expect(client.approvals.get(id)).rejects.toMatchObject({ status: 404 }));
  const seen = await client.approvals.get(id);
  expect({
    status: seen.status,
    decisions: seen.decisions.map(({ by, verdict }) => ({ by, verdict })),
    comments: seen.comments.map(({ text }) => text),
    resolved_by: seen.resolved_by,
  }).toEqual({ status, decisions, comments, resolved_by });
}

/** Waits for the end of whatever is about to expire. */
async function letExpire(memory: Memory, world: World, soon = margin): Promise<void> {
  for (const approval of memory) {
    const { expires_at, status, id } = approval;
    if (expires_at === null || status !== 'pending' || Date.now() < toEpochMillis(expires_at) - soon) continue;
    await become(world, id, 'expired');
    end(approval, 'expired');
  }
}

const become = (world: World, id: string, status: string) =>
  eventually(`${id} to be ${status}`, async () => (await world.client.approvals.get(id)).status === status);

const statusOf = (request: Promise<unknown>): Promise<number> =>
  request.then(
    () => 200,
    (error: unknown) => {
      if (error instanceof ApiError) return error.status;
      throw error;
    },
  );

const at = (memory: Memory, n: number): Remembered => memory[n % memory.length]!;

const create = (kind: Kind): Step =>
  step(
    `create(${kind})`,
    async (memory, world) => {
      const { run, approval, line } = await pausedLine(world, kind, { user_id: requester });
      const { id, expires_at } = approval;
      expect(expires_at === null).toBe(kind !== 'urgent');
      memory.push({
        id,
        run_id: run.run_id,
        line,
        kind,
        expires_at,
        status: 'pending',
        decisions: [],
        comments: [],
        resolved_by: null,
        removed: false,
        cancelled: false,
      });
    },
    () => true,
  );

const resolve = (n: number, by: string, verdict: DecisionVerdict): Step =>
  step(`resolve(${n}, ${by}, ${verdict})`, async (memory, { client }) => {
    const status = await statusOf(client.resolve(at(memory, n).id, verdict, by));
    expect(status).toBe(decide(at(memory, n), by, verdict));
  });

const doubleClick = (n: number, by: string, verdict: DecisionVerdict): Step =>
  step(`doubleClick(${n}, ${by}, ${verdict})`, async (memory, { client }) => {
    const approval = at(memory, n);
    const click = () => statusOf(client.resolve(approval.id, verdict, by));
    const expected = [decide(approval, by, verdict), decide(approval, by, verdict)];
    expect((await Promise.all([click(), click()])).toSorted()).toEqual(expected.toSorted());
  });

/** Who is first is up to the service; both cannot be. */
const disagree = (n: number): Step =>
  step(
    `disagree(${n})`,
    async (memory, { client }) => {
      const approval = at(memory, n);
      const verdicts = { ada: 'approved', bob: 'rejected' } as const;
      const says = (by: 'ada' | 'bob') => statusOf(client.resolve(approval.id, verdicts[by], by));
      const [ada, bob] = await Promise.all([says('ada'), says('bob')]);
      const first = ada === 200 ? 'ada' : 'bob';
      const expected = decide(approval, first, verdicts[first]);
      expect([ada, bob].toSorted()).toEqual([expected, decide(approval, first, verdicts[first])].toSorted());
    },
    (memory) => memory.length > 0 && at(memory as Memory, n).kind !== 'jury',
  );

const bulk = (ns: readonly number[], by: string, verdict: DecisionVerdict): Step =>
  step(`bulk(${ns.join()}, ${by}, ${verdict})`, async (memory, { client }) => {
    const approvals = ns.map((n) => at(memory, n));
    const ids = approvals.map(({ id }) => id);
    const { results } = await (await client.for(by)).resolveMany(ids, verdict);
    const expected = approvals.map((approval) => ({ id: approval.id, status: decide(approval, by, verdict) }));
    expect(results.map(({ id, status }) => ({ id, status }))).toEqual(expected);
  });

const comment = (n: number, by: string, text: string): Step =>
  step(
    `comment(${n}, ${by}, ${text})`,
    async (memory, { client }) => {
      const approval = at(memory, n);
      await (await client.for(by)).approvals.comment(approval.id, text);
      approval.comments.push(text);
    },
    (memory) => memory.length > 0 && !at(memory as Memory, n).removed,
  );

const cancel = (n: number): Step =>
  step(`cancel(${n})`, async (memory, world) => {
    const approval = at(memory, n);
    await world.client.cancelRun(approval.run_id, 'changed my mind', 'worker');
    approval.cancelled = true;
    if (approval.status !== 'pending') return;
    await become(world, approval.id, 'cancelled');
    end(approval, 'cancelled');
  });

const remove = (n: number): Step =>
  step(`remove(${n})`, async (memory, { client }) => {
    const approval = at(memory, n);
    expect(await statusOf(client.approvals.remove(approval.id))).toBe(approval.removed ? 404 : 200);
    approval.removed = true;
    if (approval.status === 'pending') end(approval, 'cancelled');
  });

const restart = (how: 'stop' | 'kill'): Step =>
  step(`restart(${how})`, async (_, { stack }) => {
    await (how === 'stop' ? stack.stop() : stack.kill('approval-service'));
    await stack.start();
  });

const wait = (): Step => step('wait', (memory, world) => letExpire(memory, world, Infinity));

const index = fc.nat({ max: 7 });
const person = fc.constantFrom(...people);
const verdict = fc.constantFrom<DecisionVerdict>('approved', 'approved', 'rejected');

const kind = fc.constantFrom<Kind>('plain', 'plain', 'plain', 'jury', 'jury', 'jury', 'urgent');
const decision = fc.tuple(index, person, verdict);

/** What clients do. */
const ordinary = [
  kind.map(create),
  decision.map((given) => resolve(...given)),
  decision.map((given) => doubleClick(...given)),
  index.map(disagree),
  fc.tuple(fc.array(index, { minLength: 1, maxLength: 4 }), person, verdict).map((given) => bulk(...given)),
  fc.tuple(index, person, fc.constantFrom('Why?', 'Wait.')).map((given) => comment(...given)),
  index.map(cancel),
  index.map(remove),
];
/** What takes its time. */
const slow = [fc.constantFrom('stop' as const, 'kill' as const).map(restart), fc.constant(0).map(wait)];

/** Stories of up to 40 steps. */
export const stories = fc.commands<Memory, World, boolean>(
  [kind.map(create), ...ordinary, kind.map(create), ...ordinary, kind.map(create), ...ordinary, ...slow],
  { maxCommands: 40, size: 'max' },
);
