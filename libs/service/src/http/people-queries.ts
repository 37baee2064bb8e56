import { RetryableError } from '@countersign/contracts/problems';

/** Lists and counts of people under way at once; the database has more connections, which are for the work. */
const atOnce = 12;
/** Length of the queue; beyond it requests get 503 with `Retry-After`. */
const mostWaiting = 500;

/** Bounds how much of the database people have for their lists, so that however many look, work goes on. */
export class PeopleQueries {
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly mostWaiting: number,
  ) {}

  /** @throws RetryableError when too many wait already */
  async run<T>(query: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.atOnce) {
      if (this.#waiting.length >= this.mostWaiting) throw new RetryableError('too many lists are being read');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#underWay += 1;
    try {
      return await query();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay -= 1;
    }
  }
}

const queries = new PeopleQueries(atOnce, mostWaiting);

/** A query that a person waits for. */
export const forPeople = <T>(query: () => Promise<T>): Promise<T> => queries.run(query);
