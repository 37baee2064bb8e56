/** Counts what is under way for each of many, up to a limit for each. */
export class OpenRequests {
  readonly #open = new Map<string, number>();

  constructor(readonly limit: number) {}

  /** @returns what ends it, once; undefined when there are too many already. */
  enter(who: string): (() => void) | undefined {
    const open = this.#open.get(who) ?? 0;
    if (open >= this.limit) return undefined;
    this.#open.set(who, open + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const rest = this.#open.get(who)! - 1;
      if (rest > 0) this.#open.set(who, rest);
      else this.#open.delete(who);
    };
  }
}
