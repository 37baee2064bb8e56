import { describe, expect, it } from 'vitest';
import { systemClock } from '@countersign/contracts/time';
import { InTheWay, type Adapter } from '../src/adapters/adapter.js';
import { callWith, Follower } from './adapter.fixtures.js';

/** How to have an adapter do what the contract asks for; `made` counts what reached the target. */
export interface Subject {
  /** `never`: the call begins, and does not end by itself. */
  open(what: 'succeeds' | 'fails' | 'never'): Promise<{ adapter: Adapter; made(): number }>;
}

/** What holds of every way to make a call. */
export function describeAdapter(name: string, { open }: Subject): void {
  describe(`${name}, as any adapter,`, () => {
    it('says what came of a call', async () => {
      const { adapter, made } = await open('succeeds');
      expect(await adapter.execute(callWith(), new Follower())).toMatchObject({
        outcome: 'succeeded',
        result: expect.stringContaining('done'),
      });
      expect(made()).toBe(1);
    });

    it('says why a call failed, and not that it may be tried again', async () => {
      const { adapter } = await open('fails');
      const outcome = await adapter.execute(callWith(), new Follower());
      expect(outcome).toMatchObject({ outcome: 'failed', error: expect.stringContaining('no disk') });
      expect(outcome).not.toMatchObject({ retryable: true });
    });

    it('begins nothing when it was stopped before', async () => {
      const { adapter, made } = await open('succeeds');
      const watch = new Follower();
      watch.stop();
      expect(await adapter.execute(callWith(), watch)).toMatchObject({ outcome: 'failed' });
      expect(made()).toBe(0);
    });

    it('looks for the last time before it begins, and makes nothing when something is in the way', async () => {
      const { adapter, made } = await open('succeeds');
      const watch = new Follower();
      const detail = 'a kill switch was turned';
      watch.obstacle = { until: systemClock(), held_by: { code: 'kill_switch', detail, until: null } };
      await expect(adapter.execute(callWith(), watch)).rejects.toThrow(InTheWay);
      expect(made()).toBe(0);
      watch.obstacle = undefined;
      expect(await adapter.execute(callWith(), watch)).toMatchObject({ outcome: 'succeeded' });
      expect([made(), watch.looks]).toEqual([1, 2]);
    });

    it('does not know what came of a call that was begun and stopped', async () => {
      const { adapter, made } = await open('never');
      const watch = new Follower();
      const outcome = adapter.execute(callWith(), watch);
      await expect.poll(made, { timeout: 10_000, interval: 5 }).toBe(1);
      watch.stop('requested by ada');
      expect(await outcome).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('requested by ada') });
    });

    it('does not know what came of a call that took too long', async () => {
      const { adapter } = await open('never');
      expect(await adapter.execute(callWith(), new Follower())).toMatchObject({ outcome: 'unknown' });
    });
  });
}
