import { atMillis } from '@countersign/contracts/time';
import { expect, it } from 'vitest';
import { event, openRecord } from '../../test/record.fixtures.js';
import { Numbers } from './numbers.js';
import { Recorder } from './recorder.js';

/** Instances on one record, with one clock. */
function opened() {
  const { log, lease, all } = openRecord();
  let at = 0;
  const instance = () => {
    const found: string[] = [];
    const unnumbered: number[] = [];
    const numbers = new Numbers({
      log,
      now: () => atMillis(at),
      onFound: (what, id) => void found.push(`${what} ${id}`),
      onUnnumbered: (count) => void unnumbered.push(count),
    });
    const options = { log, lease: lease(), now: () => atMillis(at), lingerMs: 1 };
    const recorder = new Recorder({ ...options, onRecorded: (events) => numbers.recorded(events) });
    /** Events of a run as `version/n: number`. */
    const record = async (key: string, ...events: string[]) => {
      for (const each of events) {
        const [place, number] = each.split(': ');
        const id = `runs/${key}/${place}`;
        const record_sequence = number === undefined ? undefined : Number(number);
        await recorder.record(event(0, { id, key, subject: `runs/${key}`, record_sequence, content: id }));
      }
    };
    return { found, numbers, record, unnumbered };
  };
  const wait = async (ms: number, { numbers }: ReturnType<typeof instance>) => {
    at += ms;
    await numbers.look();
    return numbers.missing;
  };
  return { all, instance, log, wait };
}

it('a number that no event has is missing after a minute, and is not any more when it comes', async () => {
  const { instance, wait } = opened();
  const one = instance();
  await one.record('a', '1/0: 1', '4/0: 4', '5/0: 5');
  expect(await wait(59_999, one)).toEqual([]);
  expect(await wait(1, one)).toEqual(['runs/a#2-3']);
  await one.record('a', '3/0: 3');
  await one.record('a', '2/0: 2');
  expect(await wait(0, one)).toEqual([]);
  expect(one.found).toEqual(['missing runs/a#2-3']);
});

it('what comes in another order is not missing, whoever of several instances records it', async () => {
  const { instance, wait } = opened();
  const [one, other] = [instance(), instance()];
  await one.record('a', '3/0: 3', '1/0: 1');
  await other.record('a', '2/0: 2', '5/0: 4');
  expect(await wait(60_000, one)).toEqual([]);
  expect(await wait(0, other)).toEqual([]);
  await other.record('a', '9/0: 6');
  await one.record('a', '8/0: 5');
  expect(await wait(60_000, other)).toEqual([]);
  expect([one.found, other.found]).toEqual([[], []]);
});

it('what is missing at one instance and arrives at another is looked for again', async () => {
  const { instance, wait } = opened();
  const [one, other] = [instance(), instance()];
  await one.record('a', '2/0: 2');
  expect(await wait(60_000, one)).toEqual(['runs/a#1']);
  await other.record('a', '1/0: 1');
  expect(await wait(3_600_000, one)).toEqual([]);
});

it('a number that a second event has is found, now and by an instance that has seen neither', async () => {
  const { instance, wait } = opened();
  const one = instance();
  await one.record('a', '1/0: 1', '2/0: 2', '3/0: 2', '3/0: 2');
  expect(one.found).toEqual(['repeated runs/a#2']);
  const later = instance();
  await later.record('a', '4/0: 3');
  await wait(60_000, later);
  expect(later.found).toEqual(['repeated runs/a#2']);
  expect(later.numbers).toMatchObject({ missing: [], repeated: ['runs/a#2'] });
});

it('events of before there were numbers are counted, and what a former version publishes of this one is not missing', async () => {
  const { instance, wait } = opened();
  const one = instance();
  await one.record('a', '1/0', '2/0', '3/0: 1', '4/0', '4/0: 2', '5/0: 3');
  expect(await wait(60_000, one)).toEqual([]);
  expect(one.unnumbered).toEqual([1, 1, 1]);
  expect(one.found).toEqual([]);
});

it('nothing is missing where entries were removed for their age', async () => {
  const { all, instance, log, wait } = opened();
  await instance().record('a', '1/0: 1', '2/0: 2');
  await log.replace((await all()).map((entry) => ({ ...entry, leaf: null, actor: null, tool_name: null })));
  const later = instance();
  await later.record('a', '3/0: 3');
  expect(await wait(60_000, later)).toEqual([]);
});

it('is not filled by those who make up numbers, and counts nobody but services', async () => {
  const { instance, wait } = opened();
  const { numbers, record, found } = instance();
  await Promise.all(Array.from({ length: 2_100 }, (_, n) => record(`forged-${n}`, '1/0: 7')));
  for (let n = 0; n < 21; n++) await wait(60_000, { numbers } as ReturnType<typeof instance>);
  expect(found).toHaveLength(2_000);
  const before = numbers.missing.length;
  numbers.recorded([
    { ...event(0, { id: 'orders/1/1/0', source: '/platform', record_sequence: 9 }), identity: 'of another' },
  ]);
  expect((await wait(60_000, { numbers } as ReturnType<typeof instance>)).length).toBe(before);
});
