import type { Event } from '@countersign/contracts';
import { systemClock, type Seconds } from '@countersign/contracts/time';
import type { Store, StoredRecord } from '@countersign/persistence';
import type { AppendLog } from '@countersign/persistence/append-log';
import { rootAt } from '@countersign/transparency';
import { describe, expect, it } from 'vitest';
import { event, openRecord } from '../../test/record.fixtures.js';
import { positionCollection, Publisher } from '../publish/publisher.js';
import type { Entry } from './entry.js';
import { Lease, leaseCollection } from './lease.js';
import { Recorder } from './recorder.js';
import { frontierAt, readNodes } from './tree.js';

const events = Array.from({ length: 5 }, (_, n) => event(n));
/** As they are read from a topic. */
const reads = [events.slice(0, 3), events.slice(3)];

/** What a step has done of what it does when the process ends at it. */
type Done = 'nothing' | 'half' | 'all';

/** A process that ends at one step of what it does outside: from then on nothing of it happens any more. */
class Mortal {
  readonly died: Promise<'died'>;
  #die!: (how: 'died') => void;
  #steps = 0;

  constructor(
    private readonly at: number,
    private readonly done: Done,
  ) {
    this.died = new Promise((resolve) => (this.#die = resolve));
  }

  get steps(): number {
    return this.#steps;
  }

  async step<T>(whole: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
    if (this.done === 'half' && !half) return this.#steps < this.at ? whole() : new Promise<never>(() => {});
    this.#steps += 1;
    if (this.#steps < this.at) return whole();
    if (this.#steps === this.at) {
      if (this.done === 'all') await whole();
      if (this.done === 'half') await half?.();
      this.#die('died');
    }
    return new Promise<never>(() => {});
  }

  store<R extends StoredRecord>(store: Store<R>): Store<R> {
    return new Proxy(store, {
      get:
        (target, name: keyof Store<R>) =>
        (...args: never[]) =>
          this.step(() => (target[name] as (...args: never[]) => Promise<never>)(...args)),
    });
  }

  log(log: AppendLog<Entry>): AppendLog<Entry> {
    return {
      append: (entries) =>
        this.step(
          () => log.append(entries),
          () => log.append(entries.slice(0, Math.ceil(entries.length / 2))),
        ),
      replace: (entries) => this.step(() => log.replace(entries)),
      length: () => this.step(() => log.length()),
      find: (query) => this.step(() => log.find(query)),
    };
  }
}

/** What outlives a process: the store, the topic, and how far its group has acknowledged what it read. */
function openWorld() {
  const record = openRecord();
  const stores = {
    leases: record.database.collection(leaseCollection).store,
    positions: record.database.collection(positionCollection).store,
  };
  const topic: Event[] = [];
  const checkpoints = new Map<number, string>();
  let acknowledged = 0;

  async function live(process: Mortal): Promise<void> {
    const log = process.log(record.log);
    const lease = (name: string) =>
      new Lease({ store: process.store(stores.leases), name, ttlMs: 60_000, now: systemClock, exclusive: true });
    const publisher = new Publisher({
      log,
      positions: process.store(stores.positions),
      lease: lease('publisher'),
      checkpoints: {
        publish: (size) =>
          process.step(async () => {
            const root = Buffer.from(await rootAt(size, readNodes(record.log))).toString('hex');
            expect(checkpoints.get(size) ?? root).toBe(root);
            checkpoints.set(size, root);
          }),
      },
      publish: (told) => process.step(async () => void topic.push(...told)),
      now: systemClock,
      logger: { warn() {} },
      checkpointEvery: 0.001 as Seconds,
    });
    const recorder = new Recorder({
      log,
      lease: lease('writer'),
      now: systemClock,
      lingerMs: 0,
      onGrown: publisher.grown,
    });
    publisher.start();
    while (acknowledged < reads.length) {
      await Promise.all(reads[acknowledged]!.map((each) => recorder.record(each)));
      await process.step(async () => void (acknowledged += 1));
    }
    await recorder.idle();
    publisher.drain();
    await publisher.stop();
  }
  return { ...record, topic, checkpoints, live };
}

const leavesIn = async ({ all }: ReturnType<typeof openWorld>) => (await all()).map(({ leaf }) => leaf);
const indexOf = ({ data }: Event) => (data as { index: number }).index;

async function untroubled(done: Done) {
  const world = openWorld();
  const process = new Mortal(Infinity, done);
  await world.live(process);
  return {
    leaves: await leavesIn(world),
    steps: process.steps,
    root: (await frontierAt(world.log, events.length)).root,
  };
}

/** `kill -9` between any two steps, and in the middle of one that writes several entries. */
describe.each<Done>(['nothing', 'half', 'all'])('a record whose process ended when %s of a step was done', (done) => {
  it('has the same entries as any other, each once, all of them published, and checkpoints of what there is', async () => {
    const expected = await untroubled(done);
    let deaths = 0;
    for (let at = 1; at <= expected.steps; at++) {
      const world = openWorld();
      const process = new Mortal(at, done);
      if ((await Promise.race([world.live(process), process.died])) !== 'died') continue;
      deaths += 1;
      const next = new Mortal(Infinity, 'nothing');
      await world.live(next);
      expect(await leavesIn(world), `step ${at}`).toEqual(expected.leaves);
      expect((await frontierAt(world.log, events.length)).root).toEqual(expected.root);
      expect([...new Set(world.topic.map(indexOf))], `step ${at}`).toEqual(events.map((_, n) => n));
      expect(Math.max(...world.checkpoints.keys())).toBe(events.length);
    }
    expect(deaths).toBeGreaterThan(expected.steps / 2);
  });
});
