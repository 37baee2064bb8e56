import { after, atMillis } from '@countersign/contracts/time';
import { describe, expect, it, vi } from 'vitest';
import { StoreClock } from './store-clock.js';

const start = atMillis(1_800_000_000_000);

/** A machine whose clock is wrong, and a store whose clock is right; each answer takes a while. */
function machine(aheadMs: number, answerMs = 0) {
  let passed = 0;
  let ahead = aheadMs;
  const right = () => after(start, passed);
  const time = vi.fn(async () => {
    passed += answerMs / 2;
    const told = right();
    passed += answerMs / 2;
    return told;
  });
  const own = { wall: () => after(right(), ahead), monotonic: () => 5_000 + passed };
  return {
    clock: new StoreClock({ time }, own),
    right,
    time,
    pass: (ms: number) => void (passed += ms),
    set: (ms: number) => void (ahead = ms),
  };
}

describe('the clock of the store', () => {
  it('is what everybody tells the time by, however wrong their own clocks are', async () => {
    const machines = [machine(0, 80), machine(120_000, 4), machine(-120_000, 1_000)];
    for (const { clock, pass } of machines) {
      await clock.measure();
      pass(60_000);
    }
    for (const { clock, right } of machines) expect(clock.now()).toBe(right());
    expect(machines.map(({ clock }) => clock.skewMs)).toEqual([0, 120_000, -120_000]);
  });

  it('is that of the machine until it is measured', () => {
    const { clock, right } = machine(120_000);
    expect([clock.now(), clock.skewMs]).toEqual([after(right(), 120_000), undefined]);
  });

  it('goes on as before when somebody sets the clock of the machine, and is measured again', async () => {
    const { clock, right, set, time } = machine(0);
    await clock.measure();
    set(120_000);
    expect(clock.now()).toBe(right());
    expect(time).toHaveBeenCalledTimes(2);
    await vi.waitFor(() => expect(clock.skewMs).toBe(120_000));
    expect(clock.now()).toBe(right());
    expect(time).toHaveBeenCalledTimes(2);
  });

  it('is not taken from an answer that took too long, unless there is no other', async () => {
    const slow = machine(500, 10_000);
    await slow.clock.measure();
    expect(slow.clock.skewMs).toBe(500);
    slow.set(400);
    await slow.clock.measure();
    expect(slow.clock.skewMs).toBe(500);
  });

  it('goes on while the store is out of reach', async () => {
    const { clock, right, time, pass } = machine(120_000);
    await clock.measure();
    time.mockRejectedValue(new Error('away'));
    await expect(clock.measure()).rejects.toThrow('away');
    pass(1_000);
    expect(clock.now()).toBe(right());
  });
});
