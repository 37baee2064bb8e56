import { traceHeaders } from '@countersign/contracts/trace';
import { canonicalJson } from '@countersign/contracts/json';
import { systemClock, type EpochMillis, secondsOf, type Millis } from '@countersign/contracts/time';
import {
  Credentials,
  ForbiddenAddress,
  guardedRequest,
  NotSent,
  NoToken,
  systemResolve,
  type Answer,
  type Resolve,
  type Shown,
  type TokenSource,
} from '@countersign/outbound';
import { InTheWay, type Adapter, type ApprovedCall, type Outcome, type Watch } from '../adapter.js';
import { pollUntilDone, type Question } from './question.js';
import { verdictOf } from './verdict.js';
import { bounded, whyStopped } from '../../results/bounded.js';
import { excerpt, parsedJson, textAt } from '../../results/json-text.js';
import type { Template } from '../../templates/template.js';
import type { UrlOfCall } from '../../templates/url.js';

export interface HttpOptions {
  method: string;
  url: UrlOfCall;
  /** Names in lower case. */
  headers(call: ApprovedCall): Record<string, string>;
  body?: Template<unknown>;
  /** Of what is sent as Authorization: Bearer. */
  token?: TokenSource;
  /** JSON pointer to what of the answer is the result; all of it when there is nothing. */
  result?: string | undefined;
  /** Statuses that mean that it is done, though they usually mean that it was only taken on. */
  done?: readonly number[];
  /** Asks how far a call is that was taken on. */
  poll?: Question;
  /** Polls the outcome of a call that is unknown. */
  status?: Question;
  /** Milliseconds for the request and its polls. */
  timeoutMs: Millis;
  /** Characters of a result that are kept. */
  maxOutput: number;
  /** Lets requests go to private addresses, and over plain http. */
  allowPrivate: boolean;
  resolve?: Resolve;
  now?(): EpochMillis;
}

/** Bytes of an answer; what is longer is cut. */
const maxAnswer = 1024 * 1024;
/** Characters of an answer that are part of a reason. */
const maxErrorText = 1_000;

/**
 * Makes calls by requests over HTTP, each with the execution's id as its `Idempotency-Key`. What may have reached the
 * target, without an answer that says what it did, has an unknown outcome.
 */
export class HttpAdapter implements Adapter {
  readonly #options: Required<Pick<HttpOptions, 'resolve' | 'now'>> & HttpOptions;
  readonly #credentials: Credentials<[ApprovedCall]>;
  readonly reconcile?: NonNullable<Adapter['reconcile']>;

  constructor(options: HttpOptions) {
    this.#options = { resolve: systemResolve, now: systemClock, ...options };
    const { headers, status, token } = options;
    this.#credentials = new Credentials(headers, token);
    if (status) {
      this.reconcile = (call, watch) =>
        bounded(options.timeoutMs, watch.signal, (signal) => this.#ask(status, status.url(call), call, watch, signal));
    }
  }

  async execute(call: ApprovedCall, watch: Watch): Promise<Outcome> {
    const { body, done = [], poll, timeoutMs, url } = this.#options;
    const target = url(call);
    const content = body?.(call);
    const sentBody = content === undefined ? undefined : canonicalJson(content);
    let shown: Shown;
    try {
      shown = await this.#credentials.now(call);
    } catch (error) {
      if (error instanceof NoToken) return { outcome: 'not_begun', reason: error.message };
      throw error;
    }
    const post = (shown: Shown, signal: AbortSignal) => {
      const headers = {
        ...(content !== undefined && { 'content-type': 'application/json' }),
        ...headersOf(call, shown),
        'idempotency-key': call.id,
        'countersign-attempt': String(call.attempt),
      };
      return this.#send(target, { headers, body: sentBody }, signal, () => watch.lastLook());
    };
    return bounded(timeoutMs, watch.signal, async (signal) => {
      const sent = await this.#show(shown, call, (credentials) => post(credentials, signal)).catch((error: unknown) =>
        this.#unanswered(error, watch),
      );
      if ('outcome' in sent) return sent;
      const text = this.#report(sent, watch);
      const excerptOfBody = excerpt(text, maxErrorText).result;
      const verdict = verdictOf({ ...sent, bodyExcerpt: excerptOfBody }, call.attempt, this.#options.now());
      if (verdict.outcome !== 'accepted') return verdict;
      if (poll) return this.#follow(poll, { taken: sent, sentTo: target }, call, watch, signal);
      if (isOnlyTakenOn(sent) && !done.includes(sent.status))
        return { outcome: 'unknown', reason: onlyTakenOn(sent.status) };
      return this.#succeeded(sent, this.#options.result, watch);
    });
  }

  async #follow(
    poll: Question,
    { taken, sentTo }: { taken: Answer; sentTo: URL },
    call: ApprovedCall,
    watch: Watch,
    signal: AbortSignal,
  ) {
    let target: URL;
    try {
      target = poll.url(call, { body: parsedJson(taken.body.toString()), headers: taken.headers, url: sentTo });
    } catch (error) {
      const reason = `the target accepted it, but its progress cannot be polled: ${(error as Error).message}`;
      return { outcome: 'unknown', reason } as const;
    }
    return this.#ask(poll, target, call, watch, signal);
  }

  async #ask(question: Question, url: URL, call: ApprovedCall, watch: Watch, signal: AbortSignal): Promise<Outcome> {
    const { now, poll, timeoutMs } = this.#options;
    const done = await pollUntilDone({
      question,
      mayBeAbsent: question !== poll,
      ask: async () =>
        this.#show(await this.#credentials.now(call), call, (shown) =>
          this.#send(url, { method: 'GET', headers: headersOf(call, shown) }, signal),
        ),
      conclude: (outcome, state, answer) => {
        this.#report(answer, watch);
        const succeeded = this.#succeeded(answer, question.result, watch);
        if (outcome === 'succeeded') return succeeded;
        const error = `the target says "${state}": ${excerpt(succeeded.result, maxErrorText).result}`;
        return { outcome, error, covers: 'call' };
      },
      progress: watch.progress.bind(watch),
      signal,
      now,
    });
    if (done.outcome !== 'open') return done;
    if (watch.signal.aborted) return { outcome: 'unknown', reason: whyStopped(watch.signal) };
    return {
      outcome: 'unknown',
      reason: `not done within ${secondsOf(timeoutMs)} s; the target ${done.last}`,
    };
  }

  /** Once more when the target does not take them (401, so nothing was done) and there are others. */
  async #show(shown: Shown, call: ApprovedCall, send: (shown: Shown) => Promise<Answer>): Promise<Answer> {
    const answer = await send(shown);
    const others = answer.status === 401 ? await this.#credentials.instead(shown, call) : undefined;
    return others ? send(others) : answer;
  }

  #send(
    url: URL,
    {
      method = this.#options.method,
      headers,
      body,
    }: { method?: string; headers: Record<string, string>; body?: string | undefined },
    signal: AbortSignal,
    beforeSend?: () => Promise<void>,
  ): Promise<Answer> {
    const { allowPrivate, resolve } = this.#options;
    const guarded = { method, headers, body, maxAnswer, signal, allowPrivate, resolve };
    return guardedRequest(url, { ...guarded, ...(beforeSend && { beforeSend }) });
  }

  /** What there is in a request that has no answer. */
  #unanswered(error: unknown, { signal }: Watch): Outcome {
    if (error instanceof InTheWay) throw error;
    const { timeoutMs } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ForbiddenAddress) return { outcome: 'failed', error: message };
    if (error instanceof NotSent) {
      if (signal.aborted) return { outcome: 'failed', error: 'stopped before it was sent' };
      return { outcome: 'failed', error: `nothing was sent: ${message}`, retryable: true };
    }
    if (signal.aborted) return { outcome: 'unknown', reason: whyStopped(signal) };
    const isLate = error instanceof Error && error.name === 'AbortError';
    return {
      outcome: 'unknown',
      reason: isLate ? `no answer within ${secondsOf(timeoutMs)} s` : `the connection was lost: ${message}`,
    };
  }

  #succeeded(answer: Answer, pointer: string | undefined, { mask }: Watch): Extract<Outcome, { outcome: 'succeeded' }> {
    const { maxOutput } = this.#options;
    const text = answer.body.toString();
    const found = pointer === undefined ? undefined : textAt(parsedJson(text), pointer);
    const { result, ...rest } = excerpt(mask(found ?? text), maxOutput);
    return { outcome: 'succeeded', result: result || `HTTP ${answer.status}`, ...rest };
  }

  /** Keeps all of an answer with the execution. */
  #report({ body }: Answer, watch: Watch): string {
    const text = watch.mask(body.toString());
    if (text !== '') watch.progress({ output: text.endsWith('\n') ? text : `${text}\n` });
    return text;
  }
}

const headersOf = (call: ApprovedCall, { values }: Shown): Record<string, string> => ({
  accept: 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'countersign',
  ...traceHeaders(call),
  ...values,
});

/** Statuses by which a target says that it has not done it yet. */
const isOnlyTakenOn = ({ status, headers }: Answer): boolean =>
  status === 202 || (status === 201 && headers.location !== undefined);

const onlyTakenOn = (status: number): string =>
  `HTTP ${status}${status === 201 ? ' with a Location' : ''}: the target has taken it on, and the tool says neither how to poll it nor that this means done`;
