import { atMillis } from '@countersign/contracts/time';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CallProgress } from './call-progress.js';
import { claimed, executionAfter, approved } from '../../test/execution.fixtures.js';
import type { Outputs } from '../results/outputs.js';

describe('the progress of a call', () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  afterEach(() => void process.off('unhandledRejection', unhandled));

  it('end no process, however passing them on fails', async () => {
    const fails = () => {
      throw new Error('cannot be encoded');
    };
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const outputs = { add: fails } as unknown as Outputs;
    const progress = new CallProgress(executionAfter(approved(), claimed), {
      outputs,
      keep: 1_000,
      publish: fails,
      now: () => atMillis(0),
      log,
    });
    progress.add({ output: 'pulling\n' });
    await expect.poll(() => log.warn.mock.calls.length).toBe(1);
    progress.add({ output: 'starting\n', percent: 40 });
    await progress.close();
    expect(log.warn).toHaveBeenCalledTimes(2);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
