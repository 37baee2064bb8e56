import { RetryableError } from '@countersign/contracts/problems';
import { secondsOf, type Clock, type Millis } from '@countersign/contracts/time';
import { execFile, type ExecFileException } from 'node:child_process';
import { promisify } from 'node:util';
import { KeptToken, type TokenSource } from './kept-token.js';

export interface PrintedTokenOptions {
  command: string;
  args: readonly string[];
  /** All of its environment, read each time. */
  env(): Record<string, string>;
  /** How long a token is used before the program runs again. */
  keepMs: Millis;
  now: Clock;
}

const timeout = 30_000;
const run = promisify(execFile);

/** Tokens that a program prints, alone or with line breaks around. What else it says is not repeated: it may be a secret. */
export const printedToken = ({ command, args, env, keepMs, now }: PrintedTokenOptions): TokenSource =>
  new KeptToken(async () => {
    const options = { env: env(), timeout, maxBuffer: 65_536, windowsHide: true };
    const { stdout } = await run(command, args, options).catch((error: ExecFileException) => {
      throw new RetryableError(`${command}, which prints a token, ${endOf(error)}`);
    });
    const value = stdout.trim();
    if (!/^[\x21-\x7e]+$/.test(value)) throw new RetryableError(`${command} printed something else than a token`);
    return { value, forMs: keepMs };
  }, now);

function endOf({ code, killed, signal }: ExecFileException): string {
  if (killed) return `took more than ${secondsOf(timeout)} s, or printed too much`;
  if (signal) return `was ended by ${signal}`;
  return typeof code === 'number' ? `ended with code ${code}` : `cannot be started: ${code}`;
}
