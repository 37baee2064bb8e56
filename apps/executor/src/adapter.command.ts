import { spawn, type ChildProcess } from 'node:child_process';
import type { Adapter, ApprovedCall, Outcome } from './adapter.js';

export interface CommandOptions {
  program: string;
  /** Each entry is one argument, whole: nothing is parsed, split or expanded. */
  args(call: ApprovedCall): readonly string[];
  /** The environment, all of it: nothing of this process's is passed on. */
  env: Record<string, string>;
  /** The directory that it runs in; this process's when unset. */
  cwd?: string;
  /** Milliseconds after which the program and its children are killed. */
  timeout: number;
  /** Characters of output that are kept; the end is what matters, so the beginning goes first. */
  maxOutput?: number;
}

/** Runs a program without a shell, in a process group of its own. Exit code 0 is success, and its output the result. */
export class CommandAdapter implements Adapter {
  readonly #options: CommandOptions & { maxOutput: number };

  constructor(options: CommandOptions) {
    this.#options = { maxOutput: 20_000, ...options };
  }

  execute(call: ApprovedCall): Promise<Outcome> {
    const { program, args, env, cwd, timeout, maxOutput } = this.#options;
    const child = spawn(program, args(call), {
      detached: true,
      env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = new Tail(maxOutput);
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.add(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => output.add(text));
    return new Promise((resolve) => {
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        killGroup(child);
        // What left the group may hold these open for ever; it is not waited for.
        child.stdout.destroy();
        child.stderr.destroy();
      }, timeout);
      child.once('error', (error) => {
        clearTimeout(timer);
        const where = cwd === undefined ? '' : ` in ${cwd}`;
        resolve({ outcome: 'failed', error: `${program} could not be started${where}: ${error.message}` });
      });
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        if (timedOut) resolve({ outcome: 'unknown', reason: `killed after ${timeout / 1000} s: ${output.text}` });
        else if (code === 0) resolve({ outcome: 'succeeded', result: output.text });
        else if (signal) resolve({ outcome: 'unknown', reason: `ended by ${signal}: ${output.text}` });
        else resolve({ outcome: 'failed', error: `exit code ${code}: ${output.text}` });
      });
    });
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}

/** The last characters of a stream, and how many went before them. */
class Tail {
  #kept = '';
  #dropped = 0;

  constructor(private readonly limit: number) {}

  add(text: string): void {
    this.#kept += text;
    const excess = this.#kept.length - this.limit;
    if (excess <= 0) return;
    this.#dropped += excess;
    this.#kept = this.#kept.slice(excess);
  }

  get text(): string {
    const kept = this.#kept.trim();
    return this.#dropped > 0 ? `[the first ${this.#dropped} characters are left out] ${kept}` : kept;
  }
}
