interface Entry {
  offset: number;
  done: boolean;
}

/** Knows up to where everything is finished, when what began in ascending order finishes in any. */
export class Watermark {
  #entries: Entry[] = [];
  #head = 0;
  #finished: number | undefined;

  /** The last offset that is finished together with all before it. */
  get finished(): number | undefined {
    return this.#finished;
  }

  /** The first offset that is not finished. */
  get pending(): number | undefined {
    return this.#entries[this.#head]?.offset;
  }

  /** How many have begun since the first that is not finished. */
  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** Returns what to call when it is finished. */
  begin(offset: number): () => void {
    const entry = { offset, done: false };
    this.#entries.push(entry);
    return () => {
      entry.done = true;
      this.#advance();
    };
  }

  #advance(): void {
    for (let first; (first = this.#entries[this.#head])?.done; this.#head++) this.#finished = first.offset;
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head >= 1_024) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
