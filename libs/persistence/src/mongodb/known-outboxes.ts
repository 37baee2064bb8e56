import type { Event } from '@countersign/contracts';

/** Records that are known at most; the one that was committed longest ago goes first. */
const most = 10_000;

export interface KnownOutbox {
  version: number;
  /** What is in it and not published yet, oldest first. */
  pending: Map<string, Event>;
}

/**
 * What this process knows of the outboxes of records, which is true for as long as they are at the version that it wrote
 * itself. So a commit need not read an outbox, and can write over one whose events are all published.
 */
export class KnownOutboxes {
  readonly #known = new Map<string, KnownOutbox>();

  /** Undefined when it is not known. */
  at(id: string, version: number): KnownOutbox | undefined {
    if (version === 0) return { version, pending: new Map() };
    const known = this.#known.get(id);
    return known?.version === version ? known : undefined;
  }

  /** @param unpublished all that is in the outbox at this version and not published yet. */
  keep(id: string, version: number, unpublished: readonly Event[]): void {
    this.#known.delete(id);
    this.#known.set(id, { version, pending: new Map(unpublished.map((event) => [event.id, event])) });
    if (this.#known.size > most) this.#known.delete(this.#known.keys().next().value!);
  }

  published(id: string, eventId: string): void {
    this.#known.get(id)?.pending.delete(eventId);
  }

  /** After a failed commit the contents of the outbox are unknown. */
  forget(id: string): void {
    this.#known.delete(id);
  }
}
