import { Watermark } from '../delivery/watermark.js';

/** How far a partition has been handled, and how much of that the group knows. */
export interface PartitionProgress {
  topic: string;
  partition: number;
  mark: Watermark;
  /** The last offset that was committed as handled. */
  committed: number | undefined;
  /** Set while fetching is paused. */
  resume: (() => void) | undefined;
}

/** The partitions that the group has assigned to this member, until it assigns them anew. */
export class Assignment {
  readonly #partitions = new Map<string, PartitionProgress>();
  readonly #over = new AbortController();

  /** Aborted when another member may have them: what has not begun is left to whoever has them next. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  end(): void {
    this.#over.abort();
  }

  all(): PartitionProgress[] {
    return [...this.#partitions.values()];
  }

  progress(topic: string, partition: number): PartitionProgress {
    const id = `${topic}/${partition}`;
    let progress = this.#partitions.get(id);
    if (!progress) {
      progress = { topic, partition, mark: new Watermark(), committed: undefined, resume: undefined };
      this.#partitions.set(id, progress);
    }
    return progress;
  }
}
