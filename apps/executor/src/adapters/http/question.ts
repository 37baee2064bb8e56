import type { EpochMillis, Millis } from '@countersign/contracts/time';
import { retryAfter, type Answer } from '@countersign/outbound';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome, Watch } from '../adapter.js';
import { parsedJson, textAt } from '../../results/json-text.js';
import type { UrlOfCall } from '../../templates/url.js';

/** How a target is polled for the progress of a call, and what its answers mean. */
export interface Question {
  url: UrlOfCall;
  everyMs: Millis;
  /** JSON pointer to how far it is, and what it may say there. */
  status: string;
  succeeded: readonly string[];
  failed: readonly string[];
  /** JSON pointers. */
  percent?: string | undefined;
  result?: string | undefined;
}

export interface Asking {
  question: Question;
  /** One request; @throws when there was no answer. */
  ask(): Promise<Answer>;
  /** Of a call that may never have been made: the target says so with 404. */
  mayBeAbsent: boolean;
  /** Aborted at the timeout, or when the answer is no longer needed. */
  signal: AbortSignal;
  progress: Watch['progress'];
  /** What came of it, out of the target's last answer. */
  conclude(outcome: 'succeeded' | 'failed', state: string, answer: Answer): Outcome;
  now(): EpochMillis;
}

/**
 * Asks until the target says that it is done, whatever goes wrong in between. When the signal was aborted first, it
 * returns what came of the last try.
 */
export async function pollUntilDone(asking: Asking): Promise<Outcome | { outcome: 'open'; last: string }> {
  const { question, ask, conclude, mayBeAbsent, now, signal } = asking;
  const progress = new ProgressUpdate(asking.progress);
  let last = 'was not polled';
  for (let wait = mayBeAbsent ? 0 : question.everyMs; await passes(wait, signal);) {
    wait = question.everyMs;
    try {
      const answer = await ask();
      const { status, headers } = answer;
      if (status === 404 && mayBeAbsent)
        return { outcome: 'failed', error: 'the target does not know of it: it was never made', retryable: true };
      const json = status >= 200 && status < 300 ? parsedJson(answer.body.toString()) : undefined;
      const state = textAt(json, question.status);
      last =
        json === undefined ? `answered HTTP ${status}` : `reported ${state === undefined ? 'no state' : `"${state}"`}`;
      if (state !== undefined && question.succeeded.includes(state)) return conclude('succeeded', state, answer);
      if (state !== undefined && question.failed.includes(state)) return conclude('failed', state, answer);
      progress.add(state, question.percent === undefined ? undefined : textAt(json, question.percent));
      wait = Math.max(wait, retryAfter(headers['retry-after'], now()) ?? 0);
    } catch (error) {
      if (!signal.aborted) last = `could not be polled: ${(error as Error).message}`;
    }
  }
  return { outcome: 'open', last };
}

/** @returns whether there is still time. */
async function passes(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

/** Tells what has changed. */
class ProgressUpdate {
  #reported = '';

  constructor(private readonly progress: Watch['progress']) {}

  add(message: string | undefined, percentText: string | undefined): void {
    const percent = percentText === undefined ? Number.NaN : Number(percentText);
    const update = {
      ...(message !== undefined && { message }),
      ...(Number.isFinite(percent) && { percent: Math.min(100, Math.max(0, percent)) }),
    };
    const text = JSON.stringify(update);
    if (text === this.#reported || text === '{}') return;
    this.#reported = text;
    this.progress(update);
  }
}
