import { secondsOf, type Millis } from '@countersign/contracts/time';
import type { Adapter, ApprovedCall, Outcome, Watch } from '../adapter.js';
import { withHome } from './home.js';
import { ProgramOutput } from './output.js';
import { runProgram, type Ending } from './process.js';
import type { RunAs } from './user.js';

/** A program and what a call passes to it. */
export interface CommandLine {
  program: string;
  /** @throws when the call lacks what an argument needs. */
  args(call: ApprovedCall): readonly string[];
}

export interface CommandOptions extends CommandLine {
  /** The environment, all of it: nothing of this process's is passed on. */
  env: Record<string, string>;
  /** The directory that it runs in; this process's when unset. */
  cwd?: string;
  /** The user that it runs as; this process's when unset. */
  runAs?: RunAs;
  /** Milliseconds after which the program and its children are killed. */
  timeoutMs: Millis;
  /** Characters of output that are kept; the end is what matters, so the beginning goes first. */
  maxOutput?: number;
  /** What these exit codes say: nothing was done, and it may be tried again; or it cannot tell. */
  retryOn?: readonly number[];
  unknownOn?: readonly number[];
  /** Tells what came of a call: exit code 0, it was made; 1, it was not. */
  status?: CommandLine;
  /** Milliseconds that the program has to end by itself after SIGTERM. */
  graceMs?: Millis;
}

/** What came of a program, and the end of what it printed. */
interface Run {
  ending: Ending;
  text: string;
  truncated: boolean;
}

/** Runs a program without a shell, in a process group of its own. Exit code 0 is success, and its output the result. */
export class CommandAdapter implements Adapter {
  readonly #options: Required<Pick<CommandOptions, 'graceMs' | 'maxOutput' | 'retryOn' | 'unknownOn'>> & CommandOptions;
  readonly reconcile?: NonNullable<Adapter['reconcile']>;

  constructor(options: CommandOptions) {
    this.#options = {
      graceMs: 5_000,
      maxOutput: 20_000,
      retryOn: [],
      unknownOn: [],
      ...options,
    };
    const { status } = options;
    if (status) this.reconcile = async (call, watch) => this.#reconciled(await this.#run(status, call, watch));
  }

  async execute(call: ApprovedCall, watch: Watch): Promise<Outcome> {
    if (watch.signal.aborted) return { outcome: 'failed', error: 'stopped before it was started' };
    return this.#executed(await this.#run(this.#options, call, watch, () => watch.lastLook()));
  }

  async #run(
    { program, args }: CommandLine,
    call: ApprovedCall,
    { signal, mask, progress }: Watch,
    beforeStart?: () => Promise<void>,
  ): Promise<Run> {
    const { env, cwd, graceMs, timeoutMs, maxOutput, runAs } = this.#options;
    const output = new ProgramOutput({ maxOutput, mask, progress });
    const started = { program, args: args(call), ...(cwd !== undefined && { cwd }), ...(runAs && { runAs }) };
    const bounds = { timeoutMs, signal, graceMs, output };
    const ending = await withHome(runAs, async (HOME) => {
      await beforeStart?.();
      return runProgram({ ...started, env: { HOME, ...env } }, bounds);
    });
    return { ending, text: output.text, truncated: output.truncated };
  }

  #executed({ ending, text, truncated }: Run): Outcome {
    const { retryOn, unknownOn } = this.#options;
    switch (ending.type) {
      case 'not_started':
        return { outcome: 'failed', error: ending.reason, retryable: ending.may_pass };
      case 'exited': {
        const { code } = ending;
        if (code === 0) return { outcome: 'succeeded', result: text, ...(truncated && { truncated }) };
        const reason = `exit code ${code}: ${text}`;
        if (unknownOn.includes(code)) return { outcome: 'unknown', reason };
        return { outcome: 'failed', error: reason, ...(retryOn.includes(code) && { retryable: true }) };
      }
      default:
        return { outcome: 'unknown', reason: this.#brokenOff(ending, text) };
    }
  }

  #reconciled({ ending, text, truncated }: Run): Outcome {
    if (ending.type === 'not_started') return { outcome: 'unknown', reason: ending.reason };
    if (ending.type !== 'exited') return { outcome: 'unknown', reason: this.#brokenOff(ending, text) };
    const { code } = ending;
    if (code === 0) return { outcome: 'succeeded', result: text, ...(truncated && { truncated }) };
    if (code === 1) return { outcome: 'failed', error: `it was not made: ${text}`, retryable: true };
    return { outcome: 'unknown', reason: `the target cannot tell, exit code ${code}: ${text}` };
  }

  #brokenOff(ending: Exclude<Ending, { type: 'not_started' | 'exited' }>, text: string): string {
    const how =
      ending.type === 'killed'
        ? `ended by ${ending.signal}`
        : ending.type === 'timed_out'
          ? `killed after ${secondsOf(this.#options.timeoutMs)} s`
          : ending.reason;
    return text === '' ? how : `${how}: ${text}`;
  }
}
