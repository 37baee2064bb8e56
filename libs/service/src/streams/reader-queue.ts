/** What waits for one reader of a stream, up to a bound: one that stops reading costs no more than that. */
export class ReaderQueue<T> {
  #items: T[] = [];
  #size = 0;
  #isOver = false;

  /** @param most of all items together, as `sizeOf` measures them. */
  constructor(
    private readonly most: number,
    private readonly sizeOf: (item: T) => number = () => 1,
  ) {}

  /** More came than the reader took: nothing waits for it any more, and its stream ends. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  add(item: T): void {
    if (this.#isOver) return;
    this.#items.push(item);
    this.#size += this.sizeOf(item);
    if (this.#size <= this.most) return;
    this.#isOver = true;
    this.#items = [];
  }

  /** The oldest, which waits no more. */
  take(): T | undefined {
    const item = this.#items.shift();
    if (item !== undefined) this.#size -= this.sizeOf(item);
    return item;
  }
}
