import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { adminKey, openInstallation, type Installation } from '../../test/installation.fixtures.js';
import { CountersignClient } from '../client.js';
import type { Claimed } from './caller.js';
import { gate, type GateOptions } from './gate.js';

let there: Installation;
let people: CountersignClient;
let options: GateOptions;
beforeAll(async () => {
  there = await openInstallation();
  people = new CountersignClient({ url: there.url, key: adminKey });
  const { key } = await people.auth.createKey({ name: 'bot', subject: 'bot', roles: ['requester'] });
  options = { client: new CountersignClient({ url: there.url, key }), agent: 'bot', tool: 'refund' };
});
afterAll(() => there.close());

/** Somebody decides on the next call that waits with this order. */
const decide = (order: string, decision: Parameters<CountersignClient['approvals']['resolve']>[1]) =>
  vi.waitFor(async () => {
    const { data } = await people.approvals.list({ status: 'pending' });
    const approval = data.find(({ tool_args }) => tool_args['order'] === order || tool_args['text'] === order);
    await people.approvals.resolve(approval!.id, decision);
    return approval!.id;
  }, 8_000);

const extendsNothing = { extend: { value: () => Promise.reject(new Error('No route.')) } };

type Refund = { order: string; amount: number };

describe('a function behind the gate', () => {
  it('runs once it is approved, with what was approved, and not before', async () => {
    const pay = vi.fn(({ amount }: Refund) => ({ paid: amount }));
    const paid = gate(pay, options)({ order: 'A-1', amount: 80 });
    await decide('A-1', { status: 'approved', resolution_data: { tool_args: { order: 'A-1', amount: 40 } } });
    expect(await paid).toEqual({ paid: 40 });
    expect(pay).toHaveBeenCalledExactlyOnceWith({ order: 'A-1', amount: 40 }, expect.anything());
  });

  it('does not run when it is rejected, and says what whoever decided has to say', async () => {
    const pay = vi.fn();
    const paid = gate(pay, options)({ order: 'A-2', amount: 80 });
    paid.catch(() => {});
    await decide('A-2', { status: 'rejected', resolution_data: { note: 'Too much.' } });
    await expect(paid).rejects.toMatchObject({ status: 'rejected', note: 'Too much.' });
    expect(pay).not.toHaveBeenCalled();
  });

  it('may fail, which is thrown and reported', async () => {
    const paid = gate(() => Promise.reject(new Error('No funds.')), options)({ order: 'A-3', amount: 80 });
    paid.catch(() => {});
    const id = await decide('A-3', { status: 'approved' });
    await expect(paid).rejects.toThrow('No funds.');
    expect(await people.executions.get(id)).toMatchObject({ status: 'failed', error: 'No funds.' });
  });

  it('that returns what JSON does not have has not failed, nor is it reported so', async () => {
    const paid = gate(() => 40n, options)({ order: 'A-8', amount: 80 });
    paid.catch(() => {});
    const id = await decide('A-8', { status: 'approved' });
    expect(await paid).toBe(40n);
    expect(await people.executions.get(id)).toMatchObject({ status: 'succeeded' });
  });

  it('that takes longer than its lease is still its own', async () => {
    const slowly = () => new Promise<string>((resolve) => setTimeout(() => resolve('Paid.'), 3_000));
    const paid = gate(slowly, options)({ order: 'A-4', amount: 80 });
    await decide('A-4', { status: 'approved' });
    expect(await paid).toBe('Paid.');
  }, 15_000);

  it('that loses its lease is aborted, and what it returns does not count: the outcome is unknown', async () => {
    const { client } = options;
    const cutOff = {
      ...options,
      client: { calls: client.calls, executions: Object.create(client.executions, extendsNothing) },
    };
    const told = vi.fn();
    const slowly = async (_: Refund, { signal }: Claimed) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      told();
      await vi.waitFor(async () => {
        const { data } = await people.executions.list({ status: 'outcome_unknown' });
        expect(data.some(({ tool_args }) => tool_args['order'] === 'A-6')).toBe(true);
      }, 15_000);
      return 'Paid.';
    };
    const paid = gate(slowly, cutOff)({ order: 'A-6', amount: 80 });
    paid.catch(() => {});
    await decide('A-6', { status: 'approved' });
    await expect(paid).rejects.toMatchObject({ status: 'outcome_unknown' });
    expect(told).toHaveBeenCalledTimes(1);
  }, 30_000);

  it('does not begin when it hears of its claim only once its lease is over', async () => {
    const { client } = options;
    const held = Promise.withResolvers<void>();
    const claim: typeof client.executions.claim = async (...wanted) => {
      const claimed = await client.executions.claim(...wanted);
      await held.promise;
      return claimed;
    };
    const late = { calls: client.calls, executions: Object.create(client.executions, { claim: { value: claim } }) };
    const pay = vi.fn();
    const paid = gate(pay, { ...options, client: late })({ order: 'A-9', amount: 80 });
    paid.catch(() => {});
    const id = await decide('A-9', { status: 'approved' });
    await vi.waitFor(async () => {
      expect(await people.executions.get(id)).toMatchObject({ status: 'outcome_unknown' });
    }, 15_000);
    held.resolve();
    await expect(paid).rejects.toMatchObject({ status: 'outcome_unknown' });
    expect(pay).not.toHaveBeenCalled();
  }, 30_000);

  it('that returns while its lease is being extended is over: nothing waits for the lease', async () => {
    const { client } = options;
    let answer = (): void => {};
    const extended = new Promise<void>((resolve) => (answer = resolve));
    const asked = Promise.withResolvers<void>();
    const late = { extend: { value: () => (asked.resolve(), extended) } };
    const lagging = { ...options, client: { calls: client.calls, executions: Object.create(client.executions, late) } };
    let signal: AbortSignal | undefined;
    const pay = async (_: Refund, claimed: Claimed) => {
      ({ signal } = claimed);
      await asked.promise;
      return 'Paid.';
    };
    const paid = gate(pay, lagging)({ order: 'A-7', amount: 80 });
    await decide('A-7', { status: 'approved' });
    expect(await paid).toBe('Paid.');
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timers.mockRestore());
    answer();
    await extended;
    await Promise.resolve();
    expect(timers).not.toHaveBeenCalled();
    expect(signal!.aborted).toBe(false);
  }, 15_000);

  it('called again with the same key finds the same call, made once, and what came of it', async () => {
    const pay = vi.fn(() => ({ paid: 80 }));
    const paid = gate(pay, options);
    const both = Promise.all([1, 2].map(() => paid({ order: 'A-5', amount: 80 }, { key: 'A-5' })));
    await decide('A-5', { status: 'approved' });
    expect(await both).toEqual([{ paid: 80 }, { paid: 80 }]);
    expect(await paid({ order: 'A-5', amount: 80 }, { key: 'A-5' })).toEqual({ paid: 80 });
    expect(pay).toHaveBeenCalledTimes(1);
    const others = paid({ order: 'A-5', amount: 8_000 }, { key: 'A-5' });
    await expect(others).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  it('that nobody declared is refused with what to declare', async () => {
    const paid = gate(() => 1, { ...options, tool: 'erase' })({});
    await expect(paid).rejects.toMatchObject({ code: 'tool_not_declared', detail: expect.stringContaining('"tools"') });
  });
});

it('a tool that the executor makes returns its output', async () => {
  const said = gate(null, { ...options, tool: 'echo' })({ text: 'Good day.' });
  await decide('Good day.', { status: 'approved' });
  expect(await said).toContain('Good day.');
});
