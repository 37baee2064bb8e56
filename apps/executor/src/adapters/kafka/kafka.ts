import { traceHeaders } from '@countersign/contracts/trace';
import { canonicalJson } from '@countersign/contracts/json';
import { TerminalError } from '@countersign/contracts/problems';
import { systemClock, type Clock, type EpochMillis, type Millis } from '@countersign/contracts/time';
import type { Bus, Message, Subscription } from '@countersign/messaging';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Adapter, ApprovedCall, AdapterContext, Outcome, Watch } from '../adapter.js';
import { bounded, whyStopped } from '../../results/bounded.js';
import { excerpt, parsedJson, textAt } from '../../results/json-text.js';
import type { Replies, Reply } from '../../results/replies.js';
import type { Template } from '../../templates/template.js';

export interface KafkaOptions {
  topic: string;
  replyTopic: string;
  /** Default: the execution's id. */
  key?: Template;
  headers(call: ApprovedCall): Record<string, string>;
  value: Template<unknown>;
  /** JSON pointer to what came of it; without one any reply means success. */
  status?: string | undefined;
  succeeded: readonly string[];
  failed: readonly string[];
  /** JSON pointer to what of the reply is the result; all of it when there is nothing. */
  result?: string | undefined;
  /** Milliseconds to wait for the reply. */
  timeoutMs: Millis;
  /** Characters of a result that are kept. */
  maxOutput: number;
  /** Timeout for the topics, before a request fails unsent. */
  patienceMs?: Millis;
  /** How long to look for a reply that may have arrived while this process was down. */
  catchUpMs?: Millis;
  now?(): EpochMillis;
}

const lookEveryMs = 50;

/** Characters of a reply that are part of a reason. */
const maxErrorText = 1_000;

/**
 * Makes calls by asking another platform over the log, and waits for its reply. The header `correlation-id` of a request
 * is the execution's id, by which the platform can tell a request that it knows already, and `attempt` is the fencing
 * token. A reply carries the first, and may carry the second: then it counts for that attempt alone.
 */
export class KafkaAdapter implements Adapter {
  readonly #options: Required<Pick<KafkaOptions, 'patienceMs' | 'catchUpMs'>> & KafkaOptions;
  #now: Clock;
  #bus!: Bus;
  #replies!: Replies;
  #listening: Subscription | undefined;

  constructor(options: KafkaOptions) {
    this.#options = { patienceMs: 10_000, catchUpMs: 10_000, ...options };
    this.#now = options.now ?? systemClock;
  }

  open({ busTo, replies, now }: AdapterContext): void {
    const { topic, replyTopic } = this.#options;
    this.#now = this.#options.now ?? now;
    this.#bus = busTo([topic, replyTopic]);
    this.#replies = replies;
    this.#listening = replies.listen(this.#bus, replyTopic);
  }

  async execute(call: ApprovedCall, watch: Watch): Promise<Outcome> {
    const request = this.#request(call);
    return bounded(this.#options.timeoutMs, watch.signal, async (signal) => {
      const isReached = await this.#isReached(signal);
      if (signal.aborted) return { outcome: 'failed', error: 'stopped before it was sent' };
      if (!isReached) return this.#notReached();
      await watch.lastLook();
      if (signal.aborted) return { outcome: 'failed', error: 'stopped before it was sent' };
      return (await this.#send(request)) ?? this.#reply(call, watch, signal);
    });
  }

  /** A reply that arrived before is stored, or will be once the log has been read to its end. */
  reconcile(call: ApprovedCall, watch: Watch): Promise<Outcome> {
    const { catchUpMs, timeoutMs } = this.#options;
    const left = call.started_at + timeoutMs - this.#now();
    return bounded(Math.max(left, catchUpMs), watch.signal, (signal) => this.#reply(call, watch, signal));
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  #request(call: ApprovedCall): Message {
    const { headers, key, replyTopic, topic, value } = this.#options;
    return {
      topic,
      key: key?.(call) ?? call.id,
      headers: {
        ...headers(call),
        ...traceHeaders(call),
        'content-type': 'application/json',
        'correlation-id': call.id,
        'reply-topic': replyTopic,
        attempt: String(call.attempt),
      },
      value: Buffer.from(canonicalJson(value(call) ?? null)),
    };
  }

  /** Whether both topics are there and the broker answers: replies can be received, so a request can be sent. */
  async #isReached(signal: AbortSignal): Promise<boolean> {
    const giveUp = AbortSignal.any([signal, AbortSignal.timeout(this.#options.patienceMs)]);
    while (!this.#listening?.joined && !giveUp.aborted)
      await sleep(lookEveryMs, undefined, { signal: giveUp }).catch(() => {});
    return this.#listening?.joined ?? false;
  }

  #notReached(): Outcome {
    const { replyTopic, topic } = this.#options;
    const error = `nothing was sent: "${topic}" and "${replyTopic}" are not there, or the broker cannot be reached`;
    return { outcome: 'failed', error, retryable: true };
  }

  /** @returns what there is to say of a request that is not known to be in the log. */
  async #send(request: Message): Promise<Outcome | undefined> {
    try {
      await this.#bus.publish([request]);
      return undefined;
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof TerminalError) return { outcome: 'failed', error: `nothing was sent: ${message}` };
      return { outcome: 'unknown', reason: `the request may have been sent: ${message}` };
    }
  }

  async #reply(call: ApprovedCall, watch: Watch, signal: AbortSignal): Promise<Outcome> {
    const seen = new Set<string>();
    let last = 'has not replied';
    while (!signal.aborted) {
      for (const reply of await this.#unseen(call, seen)) {
        const outcome = this.#outcomeOf(reply, watch);
        if (typeof outcome !== 'string') return outcome;
        last = outcome;
      }
      await this.#replies.more(call, signal);
    }
    if (watch.signal.aborted) return { outcome: 'unknown', reason: whyStopped(watch.signal) };
    return { outcome: 'unknown', reason: `no reply that says what came of it in time; the platform ${last}` };
  }

  /** While the store is out of reach there is nothing to be seen. */
  async #unseen(call: ApprovedCall, seen: Set<string>): Promise<Reply[]> {
    const replies = await this.#replies.to(call, this.#options.replyTopic).catch(() => []);
    const isOurs = ({ attempt }: Reply) => attempt === null || attempt === String(call.attempt);
    const unseen = replies.filter((reply) => isOurs(reply) && !seen.has(reply.id));
    for (const { id } of unseen) seen.add(id);
    return unseen;
  }

  /** @returns the outcome of the call, or what the platform has reported so far. */
  #outcomeOf({ text, attempt }: Reply, watch: Watch): Outcome | string {
    const { failed, status, succeeded } = this.#options;
    const reply = watch.mask(text);
    watch.progress({ output: reply.endsWith('\n') ? reply : `${reply}\n` });
    if (status === undefined) return this.#succeeded(reply);
    const state = textAt(parsedJson(reply), status);
    if (state === undefined) return `replied without saying what came of it: ${excerpt(reply, maxErrorText).result}`;
    if (succeeded.includes(state)) return this.#succeeded(reply);
    if (failed.includes(state))
      return {
        outcome: 'failed',
        error: `the platform says "${state}": ${excerpt(this.#resultOf(reply), maxErrorText).result}`,
        covers: attempt === null ? 'call' : 'attempt',
      };
    watch.progress({ message: state });
    return `reported "${state}"`;
  }

  #succeeded(reply: string): Outcome {
    const { result, ...rest } = excerpt(this.#resultOf(reply), this.#options.maxOutput);
    return { outcome: 'succeeded', result: result || 'replied with nothing', ...rest };
  }

  #resultOf(reply: string): string {
    const { result } = this.#options;
    return (result === undefined ? undefined : textAt(parsedJson(reply), result)) ?? reply;
  }
}
