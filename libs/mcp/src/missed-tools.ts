/** How long a tool counts as missed after the last request for it. */
const missedForMs = 600_000;

/** Tools that are needed and not in the last list of their server, by the names under which models call them. */
export class MissedTools {
  readonly #at = new Map<string, number>();

  get names(): string[] {
    return [...this.#at.keys()];
  }

  add(name: string): void {
    this.#at.set(name, performance.now());
  }

  /** Those that are there again, and those that nobody has needed for long. */
  forget(isThere: (name: string) => boolean): void {
    const wanted = performance.now() - missedForMs;
    for (const [name, at] of this.#at) if (isThere(name) || at < wanted) this.#at.delete(name);
  }
}
