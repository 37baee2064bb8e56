import type { Millis } from '@countersign/contracts/time';
import { spawn, type ChildProcess } from 'node:child_process';
import type { ProgramOutput } from './output.js';
import type { RunAs } from './user.js';
import { whyStopped } from '../../results/bounded.js';

export interface Program {
  program: string;
  /** Each entry is one argument, whole: nothing is parsed, split or expanded. */
  args: readonly string[];
  /** The environment, all of it: nothing of this process's is passed on. */
  env: Record<string, string>;
  /** The directory that it runs in; this process's when unset. */
  cwd?: string;
  /** The user that it runs as; this process's when unset. */
  runAs?: RunAs;
}

/** How a program ended. */
export type Ending =
  /** `may_pass`: this machine had no room for it just now. */
  | { type: 'not_started'; reason: string; may_pass: boolean }
  | { type: 'exited'; code: number }
  /** Something else killed it. */
  | { type: 'killed'; signal: NodeJS.Signals }
  /** It was ended from here. */
  | { type: 'timed_out' }
  | { type: 'stopped'; reason: string };

/** What holds a run. */
export interface Bounds {
  timeoutMs: Millis;
  signal: AbortSignal;
  /**
   * Between asking a program to end and ending it; and how long output is waited for once it has ended, since what it
   * left running may hold that open for ever.
   */
  graceMs: Millis;
}

const noRoom = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ETXTBSY']);

/** Runs a program without a shell, in a process group of its own, until it or its time is over, or it is stopped. */
export async function runProgram(
  { program, args, env, cwd, runAs }: Program,
  { output, ...bounds }: Bounds & { output: ProgramOutput },
): Promise<Ending> {
  if (bounds.signal.aborted) {
    return { type: 'not_started', reason: `${program} was stopped before it was started`, may_pass: false };
  }
  let child: ChildProcess;
  try {
    child = start(program, args, { env, cwd, ...runAs });
  } catch (error) {
    return notStarted(program, cwd, error as NodeJS.ErrnoException);
  }
  const ended = endOf(child, bounds).catch((error: NodeJS.ErrnoException) => notStarted(program, cwd, error));
  // Where there are no descriptors left, there are no streams either, and the error comes later.
  for (const stream of [child.stdout, child.stderr]) if (stream) output.read(stream);
  const ending = await ended;
  output.end();
  return ending;
}

const start = (
  program: string,
  args: readonly string[],
  options: { env: Record<string, string>; cwd?: string | undefined; uid?: number; gid?: number },
): ChildProcess => spawn(program, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });

function notStarted(program: string, cwd: string | undefined, error: NodeJS.ErrnoException): Ending {
  const where = cwd === undefined ? '' : ` in ${cwd}`;
  const reason = `${program} could not be started${where}: ${error.message}`;
  return { type: 'not_started', reason, may_pass: noRoom.has(error.code ?? '') };
}

/** @throws when there never was a process. */
function endOf(child: ChildProcess, { timeoutMs, signal, graceMs }: Bounds): Promise<Ending> {
  const { promise, resolve, reject } = Promise.withResolvers<Ending>();
  const timers: NodeJS.Timeout[] = [];
  let ended: Ending | undefined;
  const later = (ms: number, act: () => void) => timers.push(setTimeout(act, ms));
  const end = (ending: Ending) => {
    if (ended) return;
    ended = ending;
    killGroup(child, 'SIGTERM');
    later(graceMs, () => {
      killGroup(child, 'SIGKILL');
      stopReading(child);
    });
  };
  const stop = () => end({ type: 'stopped', reason: whyStopped(signal) });
  signal.addEventListener('abort', stop, { once: true });
  later(timeoutMs, () => end({ type: 'timed_out' }));
  child.on('error', reject);
  child.once('exit', () => {
    if (!ended) later(graceMs, () => stopReading(child));
  });
  child.once('close', (code, by) => {
    resolve(ended ?? (code === null ? { type: 'killed', signal: by! } : { type: 'exited', code }));
  });
  return promise.finally(() => {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  });
}

function stopReading({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}
