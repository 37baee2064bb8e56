import type { Event } from '@countersign/contracts';
import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { atMillis, type EpochMillis, after, toEpochSeconds } from '@countersign/contracts/time';
import { deadLetterTopic, SqliteBus, type Delivery, type Message } from '@countersign/messaging';
import { CommandHandler, SqliteDatabase } from '@countersign/persistence';
import { principalOf } from '@countersign/auth';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  deadLetterCollection,
  decideDeadLetter,
  type DeadLetterMessage,
  type DeadLetterRejection,
  type DeadLetterRecord,
} from './dead-letter.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { DeadLetters } from './dead-letters.js';

const admin = principalOf({ subject: 'ada', roles: ['admin'], groups: [] }, 'key');
const now = atMillis(Date.parse('2026-09-01T09:30:00Z'));
const log = { info() {}, warn() {}, error() {} };
const poison: Message = {
  topic: 'run.requested',
  key: 'r1',
  headers: { ce_id: 'e1' },
  value: Buffer.from([0xff, 0x00, 0x7b]),
};
const all = { limit: 100, page: 1 };

describe('dead letters', () => {
  let dir: string;
  let file: SqliteFile;
  let bus: SqliteBus;
  let letters: DeadLetters;
  let http: DeadLettersController;
  let records: CommandHandler<DeadLetterRecord, DeadLetterMessage, DeadLetterRejection>;
  /** What a group that handles nothing was given. */
  let given: Delivery[];
  let told: Event[];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-letters-'));
    file = new SqliteFile(dir);
    bus = new SqliteBus(file, { log });
    const { store, outbox } = new SqliteDatabase(file).collection(deadLetterCollection);
    records = new CommandHandler({
      collection: deadLetterCollection,
      store,
      decide: decideDeadLetter,
      source: '/approval-service',
      now: () => now,
      publish(events) {
        told.push(...events);
        void outbox.markPublished(events);
      },
    });
    letters = new DeadLetters(records, bus, {
      problemWith: async ({ key }) => (key === 'planted' ? 'Nobody said so.' : undefined),
    });
    http = new DeadLettersController(letters);
    [given, told] = [[], []];
    bus.subscribe({
      group: 'agent-runner',
      topics: ['run.requested'],
      handle: async (delivery) => {
        given.push(delivery);
        throw new TerminalError('not_json', 'this is not JSON');
      },
    });
    letters.start();
  });
  afterEach(async () => {
    await letters.stop();
    await bus.close();
    file.close();
    rmSync(dir, { recursive: true });
  });

  async function removedBefore(time: EpochMillis): Promise<number> {
    let removed = 0;
    for await (const some of letters.retention.purgeBefore(time)) removed += some;
    return removed;
  }

  async function givenUp(count = 1): Promise<string[]> {
    const listed = () => http.list(all);
    await vi.waitUntil(async () => (await listed()).data.length === count, { timeout: 5_000 });
    return (await listed()).data.map(({ id }) => id);
  }

  it('are what a group gave up: where it was, why, and its very bytes', async () => {
    await bus.publish([poison]);
    const [id] = await givenUp();
    const { data } = await http.list(all);
    expect(data).toMatchObject([
      { status: 'open', topic: 'run.requested', group: 'agent-runner', key: 'r1', code: 'not_json' },
    ]);
    expect(data[0]).not.toHaveProperty('value');
    expect(await http.get(id!)).toMatchObject({ headers: { ce_id: 'e1' }, value: poison.value!.toString('base64') });
  });

  it('are listed by their code, and those that were stored before there were codes are listed still', async () => {
    await bus.publish([poison, { ...poison, key: 'r2' }]);
    const [id, other] = await givenUp(2);
    const { code: _, ...old } = (await records.store.get(id!))!;
    await records.store.commit({ expected: 1, state: { ...old, version: 2 } as DeadLetterRecord, events: [] });
    expect((await http.list(all)).data).toEqual(
      expect.arrayContaining([expect.objectContaining({ id, code: null }), expect.objectContaining({ id: other })]),
    );
    expect(await http.get(id!)).toMatchObject({ code: null, reason: 'this is not JSON' });
    expect((await http.list({ ...all, code: 'not_json' })).data).toMatchObject([{ id: other, code: 'not_json' }]);
    expect((await http.list({ ...all, code: 'no_value' })).data).toEqual([]);
  });

  it('are one for each message and group, however often the log tells of it', async () => {
    await bus.publish([poison]);
    await givenUp();
    const [letter] = given;
    const again: Message = {
      topic: deadLetterTopic,
      key: letter!.key,
      headers: {
        ...letter!.headers,
        dead_letter_topic: letter!.topic,
        dead_letter_partition: String(letter!.partition),
        dead_letter_offset: letter!.offset,
        dead_letter_group: 'agent-runner',
        dead_letter_reason: 'not JSON',
        dead_letter_time: 'yesterday',
      },
      value: letter!.value,
    };
    await bus.publish([again, { ...again, headers: { ...again.headers, dead_letter_group: 'executor' } }]);
    expect(await givenUp(2)).toHaveLength(2);
  });

  it('that somebody made up for a message that is still to come do not keep it from being recorded', async () => {
    await bus.publish([poison]);
    await givenUp();
    const { partition, offset } = given[0]!;
    const planted = Array.from({ length: 8 }, (_, n) => ({
      topic: deadLetterTopic,
      key: 'planted',
      headers: {
        dead_letter_topic: 'run.requested',
        dead_letter_partition: String(partition),
        dead_letter_offset: String(Number(offset) + 3 + n),
        dead_letter_group: 'agent-runner',
        dead_letter_reason: 'nothing to see',
        dead_letter_time: 'yesterday',
      },
      value: Buffer.from('{}'),
    }));
    await bus.publish(planted);
    await givenUp(9);
    await bus.publish([poison]);
    await givenUp(10);
    const { data } = await http.list(all);
    expect(data.filter(({ key }) => key === 'r1')).toHaveLength(2);
  });

  it('are replayed as they were, once; one that is given up again is another', async () => {
    await bus.publish([poison]);
    const [id] = await givenUp();
    expect(await http.replay(id!, { note: 'It is mended.' }, admin)).toMatchObject({
      status: 'replayed',
      settled_by: 'ada',
      settled_at: toEpochSeconds(now),
      note: 'It is mended.',
    });
    await givenUp(2);
    expect(given.map(({ key, headers, value }) => ({ key, headers, value }))).toEqual(
      Array.from({ length: 2 }, () => ({ key: 'r1', headers: { ce_id: 'e1' }, value: poison.value })),
    );
    await expect(http.replay(id!, {}, admin)).rejects.toMatchObject({ status: 409, message: /ada has replayed/ });
    await expect(http.discard(id!, {}, admin)).rejects.toMatchObject({ status: 409 });
    expect(given).toHaveLength(2);
  });

  it('are discarded, and stay to be read', async () => {
    await bus.publish([poison]);
    const [id] = await givenUp();
    expect(await http.discard(id!, {}, admin)).toMatchObject({ status: 'discarded', note: null });
    const data = { dead_letter_id: id, topic: 'run.requested', outcome: 'discarded' };
    expect(told).toMatchObject([{ type: 'message.dead_letter_settled', authid: 'ada', data }]);
    expect((await http.list({ ...all, status: 'open' })).data).toEqual([]);
    expect((await http.list({ ...all, status: 'discarded', topic: 'run.requested' })).data).toHaveLength(1);
  });

  it('stay for a while once they are settled, and for as long as it takes before', async () => {
    await bus.publish([poison, { ...poison, key: 'r2' }]);
    const [settled, open] = await givenUp(2);
    await http.discard(settled!, {}, admin);
    expect(await removedBefore(now)).toBe(0);
    expect(await removedBefore(after(now, 1_000))).toBe(1);
    expect((await http.list(all)).data).toMatchObject([{ id: open, status: 'open' }]);
  });

  it('stay open when the log is away, or will never take them', async () => {
    await bus.publish([poison]);
    const [id] = await givenUp();
    const publish = vi.spyOn(bus, 'publish');
    publish.mockRejectedValueOnce(new RetryableError('the broker is away'));
    await expect(http.replay(id!, {}, admin)).rejects.toThrow('the broker is away');
    publish.mockRejectedValueOnce(new TerminalError('not_publishable', 'no such topic'));
    await expect(http.replay(id!, {}, admin)).rejects.toMatchObject({ status: 422, message: /no such topic/ });
    expect(await http.get(id!)).toMatchObject({ status: 'open' });
  });

  it('stay open when nobody can tell who said what they hold', async () => {
    await bus.publish([{ ...poison, key: 'planted' }]);
    const [id] = await givenUp();
    const refusal = { status: 422, message: 'It is not redelivered. Nobody said so.' };
    await expect(http.replay(id!, {}, admin)).rejects.toMatchObject(refusal);
    expect(await http.get(id!)).toMatchObject({ status: 'open' });
    expect(given).toHaveLength(1);
  });

  it('that are not there are not found', async () => {
    for (const ask of [http.get('x'), http.replay('x', {}, admin), http.discard('x', {}, admin)]) {
      await expect(ask).rejects.toMatchObject({ status: 404 });
    }
  });

  it('are nothing else that is written to their topic', async () => {
    const delivery = { topic: deadLetterTopic, partition: 0, offset: '7', key: null, value: null, timestamp: 0 };
    await expect(letters.record({ ...delivery, headers: {} })).rejects.toThrow(TerminalError);
    const headers = Object.fromEntries(
      ['topic', 'partition', 'offset', 'group', 'reason', 'time'].map((name) => [`dead_letter_${name}`, 'x']),
    );
    await expect(letters.record({ ...delivery, headers })).rejects.toThrow('no place in a topic');
  });
});
