import { emit, eventSource, type Event, type EventData, type Log, type ServiceName } from '@countersign/contracts';
import type { ProblemCode } from '@countersign/contracts/problems';
import type { Clock, Millis } from '@countersign/contracts/time';
import { noTrace } from '@countersign/contracts/trace';
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { actOf } from '../act.js';
import type { Principal } from '../principal.js';

/** An attempt at something that was refused. */
export interface RefusedAttempt {
  code: ProblemCode;
  /** Who tried, as far as that is known. */
  who?: Principal | undefined;
  request?: Pick<FastifyRequest, 'ip' | 'method' | 'routeOptions'> | undefined;
  about?: { run_id: string; approval_id: string; tool_name: string } | undefined;
}

export interface RefusedAttemptsOptions {
  service: ServiceName;
  publish(events: readonly Event[]): Promise<void>;
  log: Pick<Log, 'warn'>;
  now: Clock;
  /** The window after which counts are published. */
  windowMs?: Millis;
}

type Attempt = Omit<EventData<'access.refused'>, 'times'>;
interface Sum {
  attempt: Attempt;
  who: Principal | undefined;
  times: number;
}

/** Beyond its share an event has only who tried, the answer and how often. */
const nowhere = { method: null, route: null, address: null, run_id: null, approval_id: null, tool_name: null };

/** Events of different attempts per principal and window. */
const ofOne = 20;
/** Of all whom nobody knows; whoever has many addresses gets no more. */
const ofUnknown = 60;
/** Principals that are counted separately per window. */
const mostKnown = 1_000;

/**
 * Publishes refused attempts, and does not let those who make them fill the log: the first of each kind is published
 * at once, its repetitions are counted and published at the end of the window. Unauthenticated clients have a share of their own, and so has
 * each who is, so that nobody's attempts hide those of another.
 */
export class RefusedAttempts {
  readonly #options: Required<RefusedAttemptsOptions>;
  /** Attempts published of each principal in this window; all unauthenticated clients are one. */
  readonly #shares = new Map<string, Set<string>>();
  readonly #sums = new Map<string, Sum>();
  readonly #publishing = new Set<Promise<void>>();
  #over: NodeJS.Timeout | undefined;

  constructor(options: RefusedAttemptsOptions) {
    this.#options = { windowMs: 60_000, ...options };
  }

  add({ code, who, request, about }: RefusedAttempt): void {
    this.#over ??= setTimeout(() => this.#endWindow(), this.#options.windowMs).unref();
    const attempt: Attempt = {
      code,
      method: request?.method ?? null,
      route: request?.routeOptions.url ?? null,
      address: request?.ip ?? null,
      run_id: about?.run_id ?? null,
      approval_id: about?.approval_id ?? null,
      tool_name: about?.tool_name ?? null,
    };
    const share = this.#shareOf(who);
    const kind = JSON.stringify([
      code,
      attempt.route,
      attempt.method,
      attempt.approval_id,
      who ? null : attempt.address,
    ]);
    if (share && !share.has(kind) && share.size < (who ? ofOne : ofUnknown)) {
      share.add(kind);
      this.#publish({ attempt, who, times: 1 });
    } else if (share?.has(kind)) this.#count(kind, { attempt, who, times: 1 });
    else this.#count(code, { attempt: { ...nowhere, code }, who: share && who, times: 1 });
  }

  /** Publishes what was counted, and waits until all is published. */
  async stop(): Promise<void> {
    this.#endWindow();
    while (this.#publishing.size > 0) await Promise.all(this.#publishing);
    clearTimeout(this.#over);
  }

  /** @returns undefined when there are too many */
  #shareOf(who: Principal | undefined): Set<string> | undefined {
    const name = who ? `subject ${who.subject}` : '';
    const known = this.#shares.get(name);
    if (known || this.#shares.size > mostKnown) return known;
    const share = new Set<string>();
    this.#shares.set(name, share);
    return share;
  }

  #count(kind: string, { attempt, who, times }: Sum): void {
    const name = JSON.stringify([who?.subject, kind]);
    this.#sums.set(name, { attempt, who, times: (this.#sums.get(name)?.times ?? 0) + times });
  }

  #endWindow(): void {
    clearTimeout(this.#over);
    this.#over = undefined;
    const sums = [...this.#sums.values()];
    this.#shares.clear();
    this.#sums.clear();
    for (const sum of sums) this.#publish(sum);
  }

  /** What cannot be published now is counted, and published with the others of its kind. */
  #publish(sum: Sum): void {
    const { publish, log } = this.#options;
    const published = publish([this.#eventOf(sum)])
      .catch((err: unknown) => {
        log.warn({ err, code: sum.attempt.code }, 'cannot publish access.refused, retrying with the next one');
        this.#over ??= setTimeout(() => this.#endWindow(), this.#options.windowMs).unref();
        const { attempt, who } = sum;
        const isMuch = this.#sums.size > mostKnown;
        if (isMuch)
          this.#count(attempt.code, { attempt: { ...nowhere, code: attempt.code }, who: undefined, times: sum.times });
        else this.#count(JSON.stringify(attempt), { attempt, who, times: sum.times });
      })
      .finally(() => this.#publishing.delete(published));
    this.#publishing.add(published);
  }

  #eventOf({ attempt, who, times }: Sum): Event {
    const { service, now } = this.#options;
    const { run_id, approval_id, address } = attempt;
    const id = `refused/${randomUUID()}`;
    return {
      ...emit('access.refused', { ...attempt, times }),
      id,
      source: eventSource(service),
      time: new Date(now()).toISOString(),
      subject: approval_id === null ? id : `approvals/${approval_id}`,
      key: run_id ?? who?.credential.key_id ?? who?.credential.id ?? address ?? 'unknown',
      ...noTrace,
      ...(who ? actOf(who) : { authtype: 'unauthenticated' }),
    } as Event;
  }
}
