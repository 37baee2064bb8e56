import type { DeadLetterCode } from './dead-letter-codes.js';

/**
 * Something outside is down or busy. Whoever meets it waits and tries the same thing again;
 * it never costs a message, a record or a run.
 */
export class RetryableError extends Error {
  override name = 'RetryableError';
}

/**
 * This input can never succeed, however often it is tried. A message that causes it goes to the
 * dead letters with its original bytes and this code, and the next one is handled.
 */
export class TerminalError<C extends DeadLetterCode = DeadLetterCode> extends Error {
  override name = 'TerminalError';
  readonly code: C;

  constructor(code: C, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The configuration is wrong; the message names every problem. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}
