type Job = () => Promise<void>;

/** Runs jobs of one key one after another in the order they came, those of different keys at the same time. */
export class KeyedWork {
  readonly #limit: number;
  /** What waits behind the job at work, for each key that has one. */
  readonly #behind = new Map<string, Job[]>();
  /** Whose key is free but who found all places taken. */
  readonly #ready: { key: string | null; job: Job }[] = [];
  #running = 0;
  #size = 0;
  #idle = Promise.withResolvers<void>();

  /** At most `limit` jobs run at the same time. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many jobs are at work or waiting. */
  get size(): number {
    return this.#size;
  }

  /** Resolves when none is at work or waiting. */
  async idle(): Promise<void> {
    while (this.#size > 0) await this.#idle.promise;
  }

  /** Adds a job that never rejects. Without a key it has no predecessor. */
  add(key: string | null, job: Job): void {
    this.#size++;
    if (key !== null) {
      const queue = this.#behind.get(key);
      if (queue) return void queue.push(job);
      this.#behind.set(key, []);
    }
    if (this.#running < this.#limit) this.#run(key, job);
    else this.#ready.push({ key, job });
  }

  #run(key: string | null, job: Job): void {
    this.#running++;
    void job().finally(() => {
      this.#running--;
      this.#size--;
      if (key !== null) this.#free(key);
      while (this.#ready.length > 0 && this.#running < this.#limit) {
        const next = this.#ready.shift()!;
        this.#run(next.key, next.job);
      }
      if (this.#size === 0) {
        this.#idle.resolve();
        this.#idle = Promise.withResolvers();
      }
    });
  }

  /** The next job of the key goes to the end of the line, so that a busy key does not starve the others. */
  #free(key: string): void {
    const job = this.#behind.get(key)!.shift();
    if (job) this.#ready.push({ key, job });
    else this.#behind.delete(key);
  }
}
