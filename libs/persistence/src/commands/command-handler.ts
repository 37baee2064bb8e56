import { provenanceIn, type Provenance } from '@countersign/contracts/provenance';
import { checkSize, eventId, versionIn, type Event, type NewEvent } from '@countersign/contracts';
import type { EpochMillis } from '@countersign/contracts/time';
import type { TraceContext } from '@countersign/contracts/trace';
import { committed, committing, type CommitDiagnostic } from './diagnostics.js';
import { RecentStates } from './recent-states.js';
import { numbered } from '../records/record.js';
import { recordOf, subjectOf, VersionConflict, type Collection, type Store, type StoredRecord } from '../store.js';
import type { Decide, Transition } from './transition.js';

/** The key of a record's events: the id of the run that it belongs to, or what it says itself when there is none. */
export type Owned = StoredRecord & ({ run_id: string } | { event_key: string });

export interface CommandHandlerOptions<R extends Owned, M, C extends string = string> {
  collection: Collection<R>;
  store: Store<R>;
  decide: Decide<R, M, C>;
  /** The CloudEvents source of the events. */
  source: string;
  /** Adds to a change what takes time, such as a signature, before it is stored; the same for the same change. */
  beforeCommit?(state: R, events: readonly NewEvent[]): Promise<{ state: R; events: readonly NewEvent[] }>;
  /** The trace that what comes of a record now belongs to; default: that of the record. */
  trace?(of: TraceContext): TraceContext;
  /** Takes over the events of a commit, to publish them soon. */
  publish(events: readonly Event[]): void;
  now(): EpochMillis;
}

export interface ExecuteOptions<R, M> {
  then?: readonly M[];
  known?: R;
  creates?: boolean;
  act?: Partial<Provenance>;
}

/** What came of a message: the stored state after a change, or the state it was refused in. */
export type CommandResult<R, C extends string = string> =
  | { kind: 'changed'; state: R }
  | { kind: 'ignored'; reason: string; state: R | undefined }
  | { kind: 'rejected'; code: C; reason: string; state: R | undefined };

/** Records that change only by their state machine's decisions, one atomic commit each. */
export class CommandHandler<R extends Owned, M, C extends string = string> {
  readonly #options: CommandHandlerOptions<R, M, C>;
  readonly #recent = new RecentStates<R>();

  constructor(options: CommandHandlerOptions<R, M, C>) {
    this.#options = options;
  }

  get store(): Store<R> {
    return this.#options.store;
  }

  /** The record as it was after an event of it, or later: as this process stored it, or else as it is read. */
  async after({ id, subject }: Pick<Event, 'id' | 'subject'>): Promise<R | undefined> {
    const { name } = this.#options.collection;
    const record = recordOf(name, { subject });
    const recent = this.#recent.get(record);
    return recent && recent.version >= (versionIn(id, name) ?? Infinity) ? recent : this.store.get(record);
  }

  /**
   * Decides on a message and commits the transition with compare-and-set; retries on a version conflict (optimistic concurrency).
   *
   * @param then further messages for the same commit: each is decided on the outcome of the one before, and the first
   *   that changes nothing ends it.
   * @param known the state as the caller last saw it, which saves a read when it is still current.
   * @param creates the message most likely creates the record, which saves the read that finds none.
   * @param act who it is by, and what caused it; unset, the service itself, and the event that the message has.
   * @throws TerminalError when what would come of it can never be stored or published; then nothing is stored.
   */
  async execute(
    id: string,
    message: M,
    { then = [], known, creates = false, act = {} }: ExecuteOptions<R, M> = {},
  ): Promise<CommandResult<R, C>> {
    let isGuess = known === undefined;
    let state = known ?? (creates ? undefined : this.#recent.get(id));
    if (isGuess && !state && !creates) {
      isGuess = false;
      state = await this.store.get(id);
    }
    for (;;) {
      const transition = this.#decide(state, [message, ...then]);
      if (transition.kind !== 'changed' && !isGuess) return { ...transition, state };
      try {
        if (transition.kind === 'changed')
          return { kind: 'changed', state: await this.#commit(id, state, transition, actOf(message, act)) };
      } catch (error) {
        this.#recent.forget(id);
        if (!(error instanceof VersionConflict)) throw error;
      }
      isGuess = false;
      state = await this.store.get(id);
    }
  }

  #decide(state: R | undefined, messages: readonly M[]): Transition<R, C> {
    const now = this.#options.now();
    let last: Extract<Transition<R>, { kind: 'changed' }> | undefined;
    const events: NewEvent[] = [];
    for (const message of messages) {
      const transition = this.#options.decide(last?.state ?? state, message, now);
      if (transition.kind !== 'changed') return last ? { ...last, events } : transition;
      last = transition;
      events.push(...transition.events);
    }
    return { ...last!, events };
  }

  async #commit(
    id: string,
    before: R | undefined,
    change: Extract<Transition<R>, { kind: 'changed' }>,
    act: Partial<Provenance>,
  ): Promise<R> {
    const { collection, store, publish, beforeCommit } = this.#options;
    const expected = before?.version ?? 0;
    const sealed = beforeCommit ? await beforeCommit(change.state, change.events) : change;
    sealed.events.forEach(checkSize);
    const unnumbered = { ...sealed.state, version: expected + 1 };
    const { traceparent, tracestate } = this.#options.trace?.(unnumbered) ?? unnumbered;
    const said = { traceparent, tracestate, ...act };
    const stamped = sealed.events.map((event, n) => this.#stamp(unnumbered, id, event, n, said));
    const { state, events } = numbered(before, unnumbered, stamped);
    const diagnostic: CommitDiagnostic = { collection: collection.name, id, version: state.version, events };
    if (committing.hasSubscribers) committing.publish(diagnostic);
    const unpublished = await store.commit({ expected, state, events });
    if (committed.hasSubscribers) committed.publish(diagnostic);
    this.#recent.keep(id, state);
    publish(unpublished);
    return state;
  }

  #stamp(state: R, id: string, event: NewEvent, n: number, said: TraceContext & Partial<Provenance>): Event {
    const { collection, source, now } = this.#options;
    return {
      id: eventId(collection.name, id, state.version, n),
      type: event.type,
      source,
      time: new Date(now()).toISOString(),
      subject: subjectOf(collection.name, id),
      key: 'run_id' in state ? state.run_id : state.event_key,
      traceparent: said.traceparent,
      tracestate: said.tracestate ?? null,
      ...provenanceIn(said),
      data: event.data,
    };
  }
}

/** A message is an event, or has the one that it comes of, or comes of none. */
function actOf(message: unknown, { causationid, ...by }: Partial<Provenance>): Partial<Provenance> {
  const { event = message } = Object(message) as { event?: unknown };
  const { id, source } = Object(event) as { id?: unknown; source?: unknown };
  const cause = causationid ?? (typeof id === 'string' && typeof source === 'string' ? id : undefined);
  return provenanceIn({ ...(by.authtype === undefined ? { authtype: 'system' } : by), causationid: cause });
}
