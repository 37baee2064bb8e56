import { vi } from 'vitest';

/** Milliseconds. A condition that is waited for comes at once, unless the machine has other work. */
const patience = 20_000;

const { waitFor } = vi;
vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: patience, ...options });
