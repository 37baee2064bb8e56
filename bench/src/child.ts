import { millisOf } from '@countersign/contracts/time';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A process of this benchmark. What it is to do is its one argument, what comes of it are its messages. */
export interface Child {
  readonly pid: number;
  /** The next message. @throws when the process ends first, or the time is up. */
  next<T>(seconds: number): Promise<T>;
  send(message: object): void;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

interface ChildOptions {
  /** A module, by its path from this folder. */
  module: string;
  task?: object;
  env?: Record<string, string>;
  execArgv?: string[];
}

export function startChild({ module, task, env = {}, execArgv = [] }: ChildOptions): Child {
  const path = fileURLToPath(new URL(module, import.meta.url));
  const child = fork(path, task ? [JSON.stringify(task)] : [], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    execArgv: [...profiling(), ...execArgv],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const messages: unknown[] = [];
  let wake = Promise.withResolvers<void>();
  child.on('message', (message) => {
    messages.push(message);
    wake.resolve();
    wake = Promise.withResolvers();
  });
  const ended = once(child, 'exit');
  return {
    pid: child.pid!,
    async next<T>(seconds: number) {
      const late = new AbortController();
      const end = Promise.race([
        ended.then(([code, signal]) => Promise.reject(new Error(`${module} ended: ${code ?? signal}`))),
        delay(millisOf(seconds), undefined, { signal: late.signal }).then(() =>
          Promise.reject(new Error(`${module} said nothing for ${seconds} seconds`)),
        ),
      ]);
      end.catch(() => {});
      while (messages.length === 0) await Promise.race([wake.promise, end]);
      late.abort();
      return messages.shift() as T;
    },
    ended,
    send: (message) => void child.send(message),
    async stop() {
      child.kill('SIGTERM');
      const killed = setTimeout(() => child.kill('SIGKILL'), 30_000);
      if (child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(killed);
    },
  };
}

/** The arguments of this process. */
export const taskOf = <T>(): T => JSON.parse(process.argv[2] ?? '{}') as T;

/** Tells the process that started this one. */
export const tell = (message: object): void => void process.send!(message);

/** `PROFILE_DIR` set: each process leaves a CPU profile there. */
function profiling(): string[] {
  const dir = process.env['PROFILE_DIR'];
  return dir ? ['--cpu-prof', `--cpu-prof-dir=${dir}`] : [];
}
