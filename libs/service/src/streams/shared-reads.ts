/** A cache of what was read or encoded for one of many listeners, for the others of the same event. */
export class SharedReads<K, V> {
  readonly #kept = new Map<K, V>();

  /** @param most entries that are kept; the oldest goes first. */
  constructor(private readonly most: number) {}

  get(key: K, read: () => V): V {
    const kept = this.#kept.get(key);
    if (kept !== undefined || this.#kept.has(key)) return kept as V;
    const value = read();
    this.#kept.set(key, value);
    if (this.#kept.size > this.most) this.#kept.delete(this.#kept.keys().next().value!);
    return value;
  }

  /** Removes the entry of a key that has changed. */
  forget(key: K): void {
    this.#kept.delete(key);
  }
}
