/** What was read or made last for one of many readers, for the others of the same news. */
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

  /** There is news of it. */
  forget(key: K): void {
    this.#kept.delete(key);
  }
}
