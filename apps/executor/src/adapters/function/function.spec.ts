import { NotDone, type CallContext, type ToolFunction } from '@countersign/tool';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { callWith, Follower } from '../../../test/adapter.fixtures.js';
import { describeAdapter } from '../../../test/adapter.contract.js';
import { FunctionAdapter } from './function.js';

const limits = { timeoutMs: 500, maxOutput: 20, graceMs: 20 };
const execute = (run: ToolFunction, watch = new Follower()) =>
  new FunctionAdapter({ ...limits, run }).execute(callWith({ what: 'it' }, { attempt: 2 }), watch);

describeAdapter('a function', {
  async open(what) {
    let made = 0;
    const run: ToolFunction = () => {
      made += 1;
      if (what === 'fails') return Promise.reject(new Error('no disk'));
      return what === 'never' ? new Promise(() => {}) : Promise.resolve('done');
    };
    return { adapter: new FunctionAdapter({ ...limits, run }), made: () => made };
  },
});

describe('a function', () => {
  it('knows which call it makes, and may report how far it is', async () => {
    let told: CallContext | undefined;
    const watch = new Follower();
    await execute(async (args, context) => {
      expect(args).toEqual({ what: 'it' });
      told = context;
      context.progress({ percent: 50 });
      return 'done';
    }, watch);
    expect(told).toMatchObject({ id: 'execution-1', run_id: 'run-1', tool_call_id: 'call-1', attempt: 2 });
    expect(watch.percents).toEqual([50]);
  });

  it('that says that nothing was done may be tried again, also when it was cut off', async () => {
    const retryable = { outcome: 'failed', error: 'closed', retryable: true, retry_after_ms: 30_000 };
    expect(await execute(() => Promise.reject(new NotDone('closed', 30)))).toEqual(retryable);
    const watch = new Follower();
    const outcome = execute(async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new NotDone('closed', 30);
    }, watch);
    await begun();
    watch.stop();
    expect(await outcome).toEqual(retryable);
  });

  it.each([
    [Number('soon'), 0],
    [-1, 0],
    [0.0001, 1],
    [Infinity, 86_400_000],
  ])('that asks for a wait of %d s has it bounded', async (seconds, retry_after_ms) => {
    expect(await execute(() => Promise.reject(new NotDone('busy', seconds)))).toMatchObject({ retry_after_ms });
  });

  it('that throws once it was cut off has not failed: nobody knows', async () => {
    const watch = new Follower();
    const outcome = execute(async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Error('aborted');
    }, watch);
    await begun();
    watch.stop();
    expect(await outcome).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('aborted') });
  });

  it('that still returns what came of the call is believed', async () => {
    const watch = new Follower();
    const outcome = execute(async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return 'half of it';
    }, watch);
    await begun();
    watch.stop();
    expect(await outcome).toMatchObject({ outcome: 'succeeded', result: 'half of it' });
  });

  it('has a long result cut, and all of it among its output', async () => {
    const watch = new Follower();
    const long = 'x'.repeat(100);
    expect(await execute(async () => long, watch)).toMatchObject({ outcome: 'succeeded', truncated: true });
    expect(watch.output).toBe(long);
  });
});

/** Until the last look is over. */
const begun = () => setImmediate();
