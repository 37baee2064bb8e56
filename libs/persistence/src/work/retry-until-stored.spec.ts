import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { describe, expect, it, vi } from 'vitest';
import { retryUntilStored } from './retry-until-stored.js';

const log = () => ({ info: vi.fn(), warn: vi.fn(), error: vi.fn() });

describe('retrying until stored', () => {
  it('tries again for as long as something is down, warns once, and returns what came of it', async () => {
    const work = vi.fn(async () => 'stored');
    work.mockRejectedValueOnce(new RetryableError('down')).mockRejectedValueOnce(new RetryableError('down'));
    const quiet = log();
    expect(await retryUntilStored(work, quiet)).toBe('stored');
    expect(work).toHaveBeenCalledTimes(3);
    expect(quiet.warn).toHaveBeenCalledTimes(1);
  });

  it('does not try again what can never succeed', async () => {
    const work = vi.fn(() => Promise.reject(new TerminalError('not_storable', 'too large')));
    await expect(retryUntilStored(work, log())).rejects.toThrow('too large');
    expect(work).toHaveBeenCalledTimes(1);
  });
});
