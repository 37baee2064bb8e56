/** Batches that are under way at most; what is added meanwhile becomes the next. */
const atOnce = 2;

/** Sends what is added in one turn of the event loop, or while two batches are under way, as one. */
export class Batches<T> {
  readonly #send: (batch: readonly T[]) => Promise<unknown>;
  readonly #most: number;
  #waiting: T[] = [];
  #underWay = 0;
  #scheduled = false;

  /**
   * @param send settles what is in the batch, and never throws.
   * @param most of a batch.
   */
  constructor(send: (batch: readonly T[]) => Promise<unknown>, most = Infinity) {
    this.#send = send;
    this.#most = most;
  }

  add(item: T): void {
    this.#waiting.push(item);
    this.#next();
  }

  #next(): void {
    if (this.#scheduled || this.#underWay === atOnce || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#underWay += 1;
      void this.#send(this.#waiting.splice(0, this.#most)).finally(() => {
        this.#underWay -= 1;
        this.#next();
      });
      this.#next();
    });
  }
}
