import { atMillis } from '@countersign/contracts/time';
import { expect, it } from 'vitest';
import { event, openRecord } from '../../test/record.fixtures.js';
import { Gaps } from './gaps.js';
import { Recorder } from './recorder.js';

/** A record with a clock of its own, and what it found missing. */
function watched() {
  const { log, lease } = openRecord();
  const missing: string[] = [];
  let at = 0;
  const gaps = new Gaps({ log, now: () => atMillis(at), onMissing: (id) => void missing.push(id) });
  const onRecorded = gaps.recorded.bind(gaps);
  const recorder = new Recorder({ log, lease: lease(), now: () => atMillis(at), lingerMs: 1, onRecorded });
  const record = (id: string, causationid?: string) =>
    recorder.record(event(0, { id, content: id, ...(causationid !== undefined && { causationid }) }));
  const look = async (ms: number) => {
    at += ms;
    await gaps.look();
    return gaps.missing.length;
  };
  return { missing, record, look };
}

it('an event that another came of, or that was published before it in its change, is missing after a minute', async () => {
  const { missing, record, look } = watched();
  await record('runs/run-0/3/1', 'runs/run-0/2/0');
  expect(await look(59_999)).toBe(0);
  expect(await look(1)).toBe(2);
  expect(await look(60_000)).toBe(2);
  expect(missing).toEqual(['runs/run-0/2/0', 'runs/run-0/3/0']);
});

it('what arrives late, before or after that, is not missing any more', async () => {
  const { missing, record, look } = watched();
  await record('runs/run-0/2/1');
  await record('runs/run-0/2/0');
  expect(await look(60_000)).toBe(0);
  await record('runs/run-0/9/0', 'runs/run-0/8/0');
  expect(await look(60_000)).toBe(1);
  await record('runs/run-0/8/0');
  expect(await look(60_000)).toBe(0);
  expect(missing).toEqual(['runs/run-0/8/0']);
});

it('what was recorded by another instance, or is no event of a service here, is not missing', async () => {
  const { record, look } = watched();
  await record('runs/run-0/1/0');
  for (const cause of ['platform-1', 'constructor/x/1/0', 'runs/run-0/1/0', '__proto__/x/1/0'])
    await record(`of ${cause}`, cause);
  expect(await look(60_000)).toBe(0);
});

it('is not filled by those who name events that there never were', async () => {
  const { record, look } = watched();
  for (let n = 0; n < 1_100; n += 100)
    await Promise.all(Array.from({ length: 100 }, (_, m) => record(`forged ${n + m}`, `runs/none/${n + m}/0`)));
  expect(await look(60_000)).toBe(1_000);
});
