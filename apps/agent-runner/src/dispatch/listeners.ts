/** Listeners by id of what they listen to. */
export class Listeners<T> {
  readonly #of = new Map<string, Set<(update: T) => void>>();

  has(id: string): boolean {
    return this.#of.has(id);
  }

  /** @returns what ends it. */
  add(id: string, listener: (update: T) => void): () => void {
    const listeners = this.#of.get(id) ?? new Set();
    this.#of.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#of.get(id) === listeners) this.#of.delete(id);
    };
  }

  notify(id: string, update: T): void {
    for (const listener of this.#of.get(id) ?? []) listener(update);
  }
}
