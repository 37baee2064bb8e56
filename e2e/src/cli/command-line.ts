import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { eventually, within } from '../world/eventually.js';

export const main = fileURLToPath(new URL('../../../apps/cli/dist/bundle/main.js', import.meta.url));

/** As it is installed: the built program, in a process of its own, whose environment is just this. */
export interface CommandLineOptions {
  env?: Record<string, string>;
  /** A pipe closed after this. */
  stdin?: string;
}

export interface Ended {
  code: number;
  out: string;
  err: string;
}

const longest = 30_000;

/** Runs a command as a script does: in pipes. */
export async function runCommand(args: readonly string[], options: CommandLineOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { env: environment(options) });
  const [out, err] = [gather(child.stdout), gather(child.stderr)];
  child.stdin.end(options.stdin ?? '');
  const [code] = await within(longest, `countersign ${args.join(' ')}`, once(child, 'close'));
  return { code: code as number, out: out(), err: err() };
}

/** Gives a command a terminal, and keys a script cannot press. Python's pty module is the terminal. */
const withTerminal = `
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
`;
const sized = 'stty cols 100 rows 40; exec "$@"';

export const keys = { enter: '\r', down: '\u001b[B', backspace: '\u007f', interrupt: '\u0003' };

/** A command on a terminal, and whoever sits before it. */
export class Terminal {
  /** Resolves with its exit code. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #output: () => string;

  constructor(args: readonly string[], options: CommandLineOptions = {}) {
    const command = ['sh', '-c', sized, 'sh', process.execPath, main, ...args];
    const env = { TERM: 'xterm-256color', ...environment(options) };
    this.#child = spawn('python3', ['-c', withTerminal, ...command], { env });
    this.#output = gather(this.#child.stdout);
    const ended = once(this.#child, 'close').then(([code]) => code as number);
    this.ended = within(longest, `countersign ${args.join(' ')} to end`, ended);
    this.ended.catch(() => {});
  }

  /** Everything that was written to the terminal, as it was. */
  get raw(): string {
    return this.#output();
  }

  /** The same as text; of a line that was written over, what it was in the end. */
  get text(): string {
    const lines = stripVTControlCharacters(this.raw).replaceAll('\r\n', '\n').split('\n');
    return lines.map((line) => line.slice(line.lastIndexOf('\r') + 1)).join('\n');
  }

  press(...pressed: string[]): void {
    this.#child.stdin.write(pressed.join(''));
  }

  /** Waits until it has written this. */
  async shows(what: string | RegExp): Promise<void> {
    const isThere = () => (typeof what === 'string' ? this.text.includes(what) : what.test(this.text));
    await eventually(`the terminal to show ${String(what)}`, async () => isThere(), { every: 20 }).catch(
      (cause: unknown) => {
        throw new Error(`${(cause as Error).message}; it shows:\n${this.text}`, { cause });
      },
    );
  }

  /** Hangs up. */
  close(): void {
    this.#child.kill('SIGKILL');
  }
}

const environment = ({ env = {} }: CommandLineOptions): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: '/nowhere',
  ...env,
});

function gather(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  return () => text;
}
