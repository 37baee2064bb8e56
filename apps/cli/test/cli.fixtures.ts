import { PassThrough, Writable } from 'node:stream';
import { run } from '../src/program.js';
import type { Output, CliEnvironment } from '../src/connection/environment.js';

/** What is written to it, as text. */
class Recorded extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

export interface Ended {
  code: number;
  out: string;
  err: string;
}

export interface CliOptions {
  env?: Record<string, string>;
  stdin?: string;
  /** Columns of the terminal that results are shown on; a pipe without. */
  columns?: number;
}

/** Somewhere to write to, and what was written. */
function recorder(columns?: number): Output & { text: string } {
  return Object.assign(new Recorded(), columns === undefined ? {} : { isTTY: true, columns });
}

/** Surroundings of nobody: no terminal but the one that is asked for, and a home that does not exist. */
export function environmentOf({ env = {}, stdin = '', columns }: CliOptions = {}) {
  const [stdout, stderr, input] = [recorder(columns), recorder(), new PassThrough()];
  input.end(stdin);
  const environment: CliEnvironment = {
    env: { HOME: '/nowhere', DATA_DIR: '/nowhere', ...env },
    stdin: input,
    stdout,
    stderr,
  };
  return { environment, stdout, stderr };
}

/** Runs the program in this process. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  const { environment, stdout, stderr } = environmentOf(options);
  const code = await run(args, environment);
  return { code, out: stdout.text, err: stderr.text };
}
