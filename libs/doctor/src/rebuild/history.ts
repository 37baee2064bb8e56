import type { Event, EventName } from '@countersign/contracts';
import { atMillis, type EpochMillis } from '@countersign/contracts/time';
import type { RunEnd } from '@countersign/signing';
import type { ResultEvent } from '@countersign/signing/results';

/** What a log is read for. */
export const topicsOfHistory = [
  'approval.created',
  'approval.resolved',
  'run.started',
  'run.completed',
  'run.failed',
  'run.cancelled',
  'tool.execution_started',
  'tool.execution_completed',
  'tool.execution_failed',
] as const satisfies EventName[];

/** So many ids are named of each kind. */
export const mostNamed = 100;

/** Why something must not be believed; undefined: its service has signed all of it. */
export interface Proofs {
  decision(event: Event<'approval.resolved'>): Promise<string | undefined>;
  result(event: ResultEvent): Promise<string | undefined>;
  end(event: RunEnd): Promise<string | undefined>;
}

type Outcome = Event<'tool.execution_completed'> | Event<'tool.execution_failed'>;
export type Ended = Event<'run.completed'> | Event<'run.failed'> | Event<'run.cancelled'>;
/** When the log took it counts, which its producer does not say. */
export interface At<E> {
  event: E;
  at: EpochMillis;
}

/** What was on the log and was not believed. */
export interface NotBelieved {
  event: string;
  id: string;
  reason: string;
}

/** What the log says of each record, in whichever order it is read and however often. What ends something counts if it is signed. */
export class History {
  readonly created = new Map<string, At<Event<'approval.created'>>>();
  /** What was decided on each approval: that it was approved, if it ever was, since that may have been acted on. */
  readonly decided = new Map<string, At<Event<'approval.resolved'>>>();
  readonly approved = new Map<string, At<Event<'approval.resolved'>>>();
  readonly outcomes = new Map<string, At<Outcome>>();
  /** The last start of each execution. Nobody gains by a forged one: it makes a known outcome an unknown one. */
  readonly starts = new Map<string, number>();
  readonly started = new Map<string, At<Event<'run.started'>>>();
  readonly ended = new Map<string, At<Ended>>();
  /** The first of them. */
  readonly notBelieved: NotBelieved[] = [];
  refused = 0;
  since: EpochMillis | undefined;
  readonly until: EpochMillis;
  readonly #proofs: Proofs;

  /** @param until what is younger counts for executions alone: calls that were made are not unmade */
  constructor(proofs: Proofs, until: EpochMillis = atMillis(Number.MAX_SAFE_INTEGER)) {
    this.#proofs = proofs;
    this.until = until;
  }

  async take(event: Event, at: EpochMillis): Promise<void> {
    this.since = atMillis(Math.min(this.since ?? at, at));
    const isInTime = at <= this.until;
    switch (event.type) {
      case 'approval.created':
        if (isInTime) this.#created(event as Event<'approval.created'>, at);
        return;
      case 'approval.resolved':
        return this.#decided(event as Event<'approval.resolved'>, at, isInTime);
      case 'run.started':
        if (isInTime) this.#started(event as Event<'run.started'>, at);
        return;
      case 'run.completed':
      case 'run.failed':
      case 'run.cancelled':
        return isInTime ? this.#ended(event as Ended, at) : undefined;
      case 'tool.execution_started':
        return this.#begun(event as Event<'tool.execution_started'>);
      case 'tool.execution_completed':
      case 'tool.execution_failed':
        return this.#outcome(event as Outcome, at);
      default:
    }
  }

  #created(event: Event<'approval.created'>, at: EpochMillis): void {
    first(this.created, event.data.id, { event, at });
  }

  #started(event: Event<'run.started'>, at: EpochMillis): void {
    first(this.started, event.data.run_id, { event, at });
  }

  #begun({ data: { execution_id: id, attempt } }: Event<'tool.execution_started'>): void {
    this.starts.set(id, Math.max(attempt, this.starts.get(id) ?? 0));
  }

  async #decided(event: Event<'approval.resolved'>, at: EpochMillis, isInTime: boolean): Promise<void> {
    const { approval_id: id, status } = event.data;
    if (!(await this.#isBelieved(event, id, this.#proofs.decision(event)))) return;
    if (status === 'approved') first(this.approved, id, { event, at });
    if (!isInTime) return;
    const known = this.decided.get(id)?.event.data.status === 'approved';
    if (status === 'approved' && !known) this.decided.set(id, { event, at });
    else if ((status === 'approved') === known) first(this.decided, id, { event, at });
  }

  async #ended(event: Ended, at: EpochMillis): Promise<void> {
    const { run_id: id } = event.data;
    if (await this.#isBelieved(event, id, this.#proofs.end(event as RunEnd))) first(this.ended, id, { event, at });
  }

  async #outcome(event: Outcome, at: EpochMillis): Promise<void> {
    const { execution_id: id, attempt } = event.data;
    if (!(await this.#isBelieved(event, id, this.#proofs.result(event as ResultEvent)))) return;
    const known = this.outcomes.get(id);
    if (known && known.event.data.attempt > attempt) return;
    if (known?.event.data.attempt === attempt && known.event.type === 'tool.execution_completed') return;
    this.outcomes.set(id, { event, at });
  }

  async #isBelieved({ type }: Event, id: string, problem: Promise<string | undefined>): Promise<boolean> {
    const reason = await problem;
    if (reason !== undefined) this.refuse({ event: type, id, reason });
    return reason === undefined;
  }

  refuse(what: NotBelieved): void {
    this.refused += 1;
    if (this.refused <= mostNamed) this.notBelieved.push(what);
  }
}

function first<E>(known: Map<string, At<E>>, id: string, found: At<E>): void {
  const before = known.get(id);
  if (!before || found.at < before.at) known.set(id, found);
}
