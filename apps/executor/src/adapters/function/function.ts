import { millisOf, secondsOf, type Millis, type Seconds } from '@countersign/contracts/time';
import { isNotDone, type ToolFunction } from '@countersign/tool';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Adapter, ApprovedCall, Outcome, Watch } from '../adapter.js';
import { bounded, whyStopped } from '../../results/bounded.js';
import { excerpt } from '../../results/json-text.js';

export interface FunctionOptions {
  run: ToolFunction;
  /** Milliseconds after which a call is aborted. */
  timeoutMs: Millis;
  /** Characters of the result that are kept. */
  maxOutput: number;
  /** Milliseconds that a function has to end by itself once aborted. */
  graceMs?: Millis;
}

/**
 * Calls a function in this process. One that throws has failed. One that was cut off is aborted, and unless it
 * still returns, the outcome of the call is unknown.
 */
export class FunctionAdapter implements Adapter {
  readonly #options: Required<FunctionOptions>;

  constructor(options: FunctionOptions) {
    this.#options = { graceMs: 5_000, ...options };
  }

  async execute(call: ApprovedCall, watch: Watch): Promise<Outcome> {
    if (watch.signal.aborted) return { outcome: 'failed', error: 'stopped before it was started' };
    const { timeoutMs, graceMs } = this.#options;
    return bounded(timeoutMs, watch.signal, async (signal) => {
      await watch.lastLook();
      if (signal.aborted) return { outcome: 'failed', error: 'stopped before it was started' };
      const why = () =>
        watch.signal.aborted ? whyStopped(watch.signal) : `not done within ${secondsOf(timeoutMs)} s, aborted`;
      const cutOff = once(signal).then(async (): Promise<Outcome> => {
        await sleep(graceMs, undefined, { ref: false });
        return { outcome: 'unknown', reason: why() };
      });
      const outcome = await Promise.race([this.#call(call, watch, signal), cutOff]);
      // Who says that nothing was done knows it, also of a call that was cut off.
      if (outcome.outcome !== 'failed' || outcome.retryable || !signal.aborted) return outcome;
      return { outcome: 'unknown', reason: `${why()}: ${outcome.error}` };
    });
  }

  async #call(
    { id, run_id, tool_call_id, tool_args, attempt }: ApprovedCall,
    watch: Watch,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const progress: Watch['progress'] = (update) => watch.progress(update);
    try {
      const returned = await this.#options.run(tool_args, { id, run_id, tool_call_id, attempt, signal, progress });
      const text = watch.mask(returned);
      const { result, truncated } = excerpt(text, this.#options.maxOutput);
      if (truncated) watch.progress({ output: text });
      return { outcome: 'succeeded', result, ...(truncated && { truncated }) };
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const error = excerpt(watch.mask(message), this.#options.maxOutput).result;
      if (!isNotDone(thrown)) return { outcome: 'failed', error };
      return { outcome: 'failed', error, retryable: true, retry_after_ms: wait(Number(thrown.retryAfter)) };
    }
  }
}

/** Milliseconds: what is no time at all is no reason to wait, and nothing is waited for longer than a day. */
const wait = (seconds: Seconds): Millis => (seconds > 0 ? Math.ceil(millisOf(Math.min(seconds, 86_400))) : 0);

const once = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
