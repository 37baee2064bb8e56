import type { StoredRecord } from '../store.js';

/** States that are kept at most. */
const most = 512;
/** A record that waits for longer, such as for a person, is read again. */
const keptMs = 5_000;

/**
 * The states that this process stored last, so that the next message about one is decided on without a read. Only ever
 * a guess: whoever is faster, in this process or another, makes the commit fail, and then the state is read.
 */
export class RecentStates<R extends StoredRecord> {
  #young = new Map<string, R>();
  #old = new Map<string, R>();
  #aging: NodeJS.Timeout | undefined;

  get(id: string): R | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  keep(id: string, state: R): void {
    if (this.#young.size >= most / 2 && !this.#young.has(id)) this.#age();
    this.#young.set(id, state);
    this.#aging ??= setInterval(() => this.#age(), keptMs).unref();
  }

  forget(id: string): void {
    this.#young.delete(id);
    this.#old.delete(id);
  }

  #age(): void {
    this.#old = this.#young;
    this.#young = new Map();
    if (this.#old.size > 0) return;
    clearInterval(this.#aging);
    this.#aging = undefined;
  }
}
