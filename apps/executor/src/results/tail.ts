/** The last characters of a text that comes in pieces, and how many went before them. */
export class Tail {
  #kept = '';
  #dropped = 0;

  constructor(private readonly limit: number) {}

  add(text: string): void {
    this.#kept += text;
    const excess = this.#kept.length - this.limit;
    if (excess <= 0) return;
    this.#dropped += excess;
    this.#kept = this.#kept.slice(excess);
  }

  get truncated(): boolean {
    return this.#dropped > 0;
  }

  get text(): string {
    const kept = this.#kept.trim();
    return this.#dropped > 0 ? `[the first ${this.#dropped} characters are left out] ${kept}` : kept;
  }
}
