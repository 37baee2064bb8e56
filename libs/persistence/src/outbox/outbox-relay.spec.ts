import type { Event } from '@countersign/contracts';
import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { systemClock, after, atMillis } from '@countersign/contracts/time';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OutboxRelay, type OutboxRelayOptions } from './outbox-relay.js';
import { sample, samples, transition } from '../../test/store.contract.js';
import { SqliteDatabase } from '../sqlite/sqlite-store.js';

const idsOf = (events: readonly Event[]) => events.map(({ id }) => id);
const soon = { timeout: 5_000, interval: 5 };

describe('an outbox relay', () => {
  const collection = samples();
  let dir: string;
  let file: SqliteFile;
  let relays: OutboxRelay[];
  /** What the log took, batch by batch. */
  let log: string[][];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-relay-'));
    file = new SqliteFile(dir);
    [relays, log] = [[], []];
  });
  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop(0)));
    file.close();
    rmSync(dir, { recursive: true });
  });

  const open = () => new SqliteDatabase(file).collection(collection);
  const commit = (id: string, version = 1, events = 1) =>
    open().store.commit(transition(collection, sample(id, { version }), events));
  const left = async () => idsOf(await open().outbox.unpublished({ before: atMillis(Infinity), limit: 100 }));
  const take = async (events: readonly Event[]) => void log.push(idsOf(events));
  function relayWith(options: Partial<OutboxRelayOptions> = {}): OutboxRelay {
    const giveUp = vi.fn(async () => {});
    const silent = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const relay = new OutboxRelay({
      outbox: open().outbox,
      publish: take,
      giveUp,
      log: silent,
      now: systemClock,
      sweepEveryMs: 5,
      ...options,
    });
    relays.push(relay);
    return relay;
  }

  it('publishes what it is given and then forgets it, so that it is not published again', async () => {
    const events = await commit('a', 1, 2);
    relayWith().push(events);
    await expect.poll(left, soon).toEqual([]);
    expect(log).toEqual([idsOf(events)]);
  });

  it('publishes in order, and what accumulates meanwhile as one batch', async () => {
    const gate = Promise.withResolvers<void>();
    const relay = relayWith({ publish: (events) => gate.promise.then(() => take(events)) });
    const [first, second, third] = [await commit('a'), await commit('b', 1, 2), await commit('c')];
    relay.push(first);
    relay.push(second);
    relay.push(third);
    expect(relay.oldest).toBe(Date.parse(first[0]!.time));
    gate.resolve();
    await expect.poll(left, soon).toEqual([]);
    await expect.poll(() => relay.oldest, soon).toBeUndefined();
    expect(log).toEqual([idsOf(first), idsOf([...second, ...third])]);
  });

  it('publishes what is not urgent with what follows, in order, or by itself soon', async () => {
    const [first, second, third] = [await commit('a'), await commit('b'), await commit('c')];
    const relay = relayWith({ isUrgent: ({ id }) => id === second[0]!.id });
    relay.push(first);
    relay.push(second);
    await expect.poll(left, soon).toEqual(idsOf(third));
    relay.push(third);
    await expect.poll(left, soon).toEqual([]);
    expect(log).toEqual([idsOf([...first, ...second]), idsOf(third)]);
  });

  it('publishes at its end what is not urgent', async () => {
    const relay = relayWith({ isUrgent: () => false });
    relay.push(await commit('a'));
    await relay.stop();
    expect(await left()).toEqual([]);
  });

  it('publishes once what is handed over twice, by the next commit of the record or by a sweep', async () => {
    const gate = Promise.withResolvers<void>();
    const { outbox } = open();
    const unpublished = vi.spyOn(outbox, 'unpublished');
    const relay = relayWith({
      outbox,
      publish: (events) => gate.promise.then(() => take(events)),
      sweepAfterMs: -1_000,
    });
    relay.push(await commit('a'));
    relay.push(await commit('a', 2));
    relay.start();
    await vi.waitFor(() => expect(unpublished.mock.calls.length).toBeGreaterThan(2), soon);
    gate.resolve();
    await expect.poll(left, soon).toEqual([]);
    expect(log.flat()).toEqual([1, 2].map((version) => `${collection.name}/a/${version}/0`));
  });

  it('waits for a log that is down, trying the same batch again, and keeps the order', async () => {
    const publish = vi.fn(take);
    publish.mockRejectedValueOnce(new RetryableError('down')).mockRejectedValueOnce(new RetryableError('still down'));
    const warn = vi.fn();
    const relay = relayWith({ publish, log: { info: vi.fn(), warn, error: vi.fn() } });
    const [first, second] = [await commit('a'), await commit('a', 2)];
    relay.push(first);
    relay.push(second);
    await expect.poll(left, soon).toEqual([]);
    expect(log).toEqual([[`${collection.name}/a/1/0`], [`${collection.name}/a/2/0`]]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('gives up an event that can never be published, until that is noted, and publishes those around it', async () => {
    const events = [...(await commit('a')), ...(await commit('b')), ...(await commit('c'))];
    const [before, poison, after] = idsOf(events);
    const error = vi.fn();
    const giveUp = vi.fn(async () => {}).mockRejectedValueOnce(new RetryableError('down'));
    const relay = relayWith({
      giveUp,
      log: { info: vi.fn(), warn: vi.fn(), error },
      async publish(batch) {
        if (idsOf(batch).includes(poison!)) throw new TerminalError('not_publishable', 'not in the catalogue');
        await take(batch);
      },
    });
    relay.push(events);
    await expect.poll(left, soon).toEqual([]);
    expect(log.flat()).toEqual([before, after]);
    expect(giveUp).toHaveBeenCalledTimes(2);
    expect(giveUp).toHaveBeenLastCalledWith(events[1], expect.any(TerminalError));
    expect(error).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ event: poison }),
      'this event can never be published',
    );
  });

  it('publishes at its start what an earlier life of the process left', async () => {
    const events = await commit('a', 1, 2);
    relayWith({ now: () => after(systemClock(), 1), sweepAfterMs: 60_000 }).start();
    await expect.poll(left, soon).toEqual([]);
    expect(log.flat()).toEqual(idsOf(events));
  });

  it('publishes what another process left once that is old enough, and not before', async () => {
    let skew = 0;
    const { outbox } = open();
    const unpublished = vi.spyOn(outbox, 'unpublished');
    relayWith({ outbox, now: () => after(systemClock(), skew), sweepAfterMs: 60_000 }).start();
    await vi.waitFor(() => expect(unpublished).toHaveBeenCalled(), soon);
    const events = await commit('a');
    const sweeps = unpublished.mock.calls.length;
    await vi.waitFor(() => expect(unpublished.mock.calls.length).toBeGreaterThan(sweeps + 3), soon);
    expect(log).toEqual([]);
    skew = 60_001;
    await expect.poll(left, soon).toEqual([]);
    expect(log).toEqual([idsOf(events)]);
  });

  it('publishes the same event again when the store did not learn that it was published', async () => {
    const { outbox } = open();
    vi.spyOn(outbox, 'markPublished').mockRejectedValueOnce(new RetryableError('down'));
    const relay = relayWith({ outbox, sweepAfterMs: -1_000 });
    const [event] = await commit('a');
    relay.push([event!]);
    relay.start();
    await expect.poll(left, soon).toEqual([]);
    expect(log).toEqual([[event!.id], [event!.id]]);
  });

  it('goes on sweeping after the store was out of reach', async () => {
    const { outbox } = open();
    vi.spyOn(outbox, 'unpublished').mockRejectedValueOnce(new RetryableError('down'));
    await commit('a');
    relayWith({ outbox, sweepAfterMs: -1_000 }).start();
    await expect.poll(left, soon).toEqual([]);
  });

  it('stops once all it was given is published and forgotten', async () => {
    const gate = Promise.withResolvers<void>();
    const relay = relayWith({ publish: (events) => gate.promise.then(() => take(events)) });
    relay.push(await commit('a'));
    relay.push(await commit('b'));
    let stopped = false;
    const stop = relay.stop().then(() => (stopped = true));
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    gate.resolve();
    await stop;
    expect(log.flat()).toHaveLength(2);
    expect(await left()).toEqual([]);
  });

  it('gives up waiting at the end of its grace, and leaves the rest in the outbox', async () => {
    const relay = relayWith({ publish: () => Promise.reject(new RetryableError('down')) });
    const events = await commit('a');
    relay.push(events);
    await relay.stop(20);
    expect(await left()).toEqual(idsOf(events));
  });
});
