import type { Execution } from '@countersign/contracts/executions';
import { describe, expect, it } from 'vitest';
import { AwaitedDecisions } from './awaited-decisions.js';

describe('a claim whose decision is not known yet', () => {
  const known = new Map<string, Execution>();
  const ticks: (() => void)[] = [];
  let waitedMs = 0;
  const wait = (ms: number) => new Promise<void>((resolve) => ((waitedMs += ms), ticks.push(resolve)));
  const awaited = new AwaitedDecisions({ get: async (id) => known.get(id) }, { waiting: 8, looks: 8 }, wait);
  /** Lets all that wait look once more. */
  async function tick(): Promise<void> {
    for (const resolve of ticks.splice(0)) resolve();
    await new Promise(setImmediate);
  }

  it('is answered once it comes, and else after some seconds; only so many hold a place for that', async () => {
    const claims = Array.from({ length: 64 }, (_, n) => awaited.isKnown(`approval-${n}`));
    const answers: boolean[] = [];
    for (const claim of claims) void claim.then((isKnown) => answers.push(isKnown));
    await new Promise(setImmediate);
    expect(answers).toEqual(Array.from({ length: 56 }, () => false));
    known.set('approval-0', {} as Execution);
    await tick();
    expect(answers.slice(56)).toEqual([true]);
    for (let looks = 2; looks <= 8; looks++) await tick();
    expect(answers.slice(57)).toEqual(Array.from({ length: 7 }, () => false));
    expect(waitedMs).toBe(7 * 2_550 + 10);
    expect(await awaited.isKnown('approval-0')).toBe(true);
    // Their places are free again.
    const late = awaited.isKnown('approval-1');
    await new Promise(setImmediate);
    known.set('approval-1', {} as Execution);
    await tick();
    expect(await late).toBe(true);
  });
});
