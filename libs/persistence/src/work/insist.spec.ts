import { RetryableError, TerminalError } from '@countersign/contracts';
import { describe, expect, it, vi } from 'vitest';
import { insist } from './insist.js';

const log = () => ({ info: vi.fn(), warn: vi.fn(), error: vi.fn() });

describe('insisting', () => {
  it('tries again for as long as something is down, warns once, and returns what came of it', async () => {
    const work = vi.fn(async () => 'stored');
    work.mockRejectedValueOnce(new RetryableError('down')).mockRejectedValueOnce(new RetryableError('down'));
    const quiet = log();
    expect(await insist(work, quiet)).toBe('stored');
    expect(work).toHaveBeenCalledTimes(3);
    expect(quiet.warn).toHaveBeenCalledTimes(1);
  });

  it('does not try again what can never succeed', async () => {
    const work = vi.fn(() => Promise.reject(new TerminalError('too large')));
    await expect(insist(work, log())).rejects.toThrow('too large');
    expect(work).toHaveBeenCalledTimes(1);
  });
});
