import { parseEventData, type Event, type EventName } from '@countersign/contracts';
import { encode } from '@countersign/messaging';
import { openInfrastructure, readConfig, serviceSettings } from '@countersign/service';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { Proofs } from './history.js';
import { readLog, type Part } from './read-log.js';

let dir: string;
let infrastructure: Awaited<ReturnType<typeof openInfrastructure>>;
let bus: typeof infrastructure.bus;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-rebuild-'));
  const settings = readConfig(z.object(serviceSettings), { DATA_DIR: dir });
  const log = { info() {}, warn() {}, error() {} };
  infrastructure = await openInfrastructure({ ...settings, PORT: 0 }, { clientId: 'spec', log, onFatal() {} });
  bus = infrastructure.bus;
});
afterEach(async () => {
  await infrastructure.close();
  rmSync(dir, { recursive: true });
});

const believe = async () => undefined;
const proofs: Proofs = { decision: believe, result: believe, end: believe };

const of = (type: EventName, run_id: string, key = run_id) => {
  const file = new URL(`../../../contracts/fixtures/v1/${type}.json`, import.meta.url);
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: object };
  const about = {
    id: `${type} ${run_id}`,
    key,
    source: '',
    time: '',
    subject: '',
    traceparent: null,
    tracestate: null,
  };
  return encode({ ...about, type, data: parseEventData(type, { ...data, run_id }) } as Event);
};
const runs = Array.from({ length: 50 }, (_, n) => `run-${n}`);

async function parts(messagesAtOnce: number) {
  const progress: number[] = [];
  const read = readLog(bus, { proofs, messagesAtOnce, progress: (share) => progress.push(share) });
  const found: Part[] = [];
  for await (const part of read) found.push(part);
  return { parts: found, progress };
}

it('keeps no more of a long log at once than some of its runs, each with all that belongs to it', async () => {
  await bus.publish(runs.flatMap((run) => [of('run.started', run), of('approval.created', run)]));
  await bus.publish(runs.map((run) => of('run.completed', run)));
  const [whole, cut] = [await parts(1_000), await parts(20)];
  expect([whole.parts.length, cut.parts.length]).toEqual([1, 8]);
  const started = cut.parts.map(({ history }) => [...history.started.keys()]);
  expect(started.flat().toSorted()).toEqual(runs.toSorted());
  for (const { history } of cut.parts)
    expect([...history.ended.keys()].toSorted()).toEqual([...history.started.keys()].toSorted());
  expect(Math.max(...cut.parts.map(({ messages }) => messages))).toBeLessThan(50);
  expect(cut.parts.reduce((sum, { messages }) => sum + messages, 0)).toBe(150);
  expect([cut.progress.length > 1, cut.progress.at(-1)]).toEqual([true, 1]);
});

it('believes nothing that is put among the messages of another run', async () => {
  const elsewhere = [of('run.completed', 'run-1', 'run-2'), of('run.completed', 'run-1', '')];
  await bus.publish([of('run.started', 'run-1'), ...elsewhere, { ...of('run.started', 'run-3'), value: null }]);
  for (const atOnce of [1_000, 1]) {
    const { parts: all } = await parts(atOnce);
    expect(all.flatMap(({ history }) => [...history.ended.keys()])).toEqual([]);
    expect(all.flatMap(({ history }) => history.notBelieved)).toMatchObject([
      { event: 'run.completed', reason: 'Its key is not its run.' },
      { event: 'run.completed', reason: 'Its key is not its run.' },
    ]);
    expect(all.reduce((sum, { unreadable }) => sum + unreadable, 0)).toBe(1);
  }
});

it('names the first of what is not believed, and counts the rest', async () => {
  await bus.publish(Array.from({ length: 250 }, () => of('run.completed', 'run-1', 'run-2')));
  const { parts: all } = await parts(1_000);
  expect([all[0]!.history.notBelieved.length, all[0]!.history.refused]).toEqual([100, 250]);
});
