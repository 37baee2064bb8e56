import type { ApiError, ApprovalsQuery } from '@countersign/client';
import type { Approval } from '@countersign/contracts/approvals';
import { systemClock, toEpochSeconds } from '@countersign/contracts/time';
import { batch, signal } from '@preact/signals';
import { onApproval, type ApprovalChange } from '../../server/connection.js';
import { client, problemOf } from '../../server/client.js';
import { asParameters, matches, type Filters } from './filters.js';
import { pressing } from './order.js';

type Answer = Awaited<ReturnType<typeof client.approvals.list>>;
type Next = { cursor: string } | { page: number };

const pageSize = 200;
/** Changes are shown together, so that a flood of them is drawn a few times a second. */
const drawEveryMs = 100;

/** Approvals that fit some filters, read page by page on demand, and kept up to date. */
export class Listing {
  readonly approvals = signal<ReadonlyMap<string, Approval>>(new Map());
  /** Of all that fit, read or not, when they were read last. */
  readonly total = signal<number | undefined>(undefined);
  readonly problem = signal<ApiError | undefined>(undefined);
  readonly hasMore = signal(false);
  /** Ids of those that came by themselves since they were last taken into the list. */
  readonly arrived = signal<ReadonlySet<string>>(new Set());
  readonly #filters: Filters;
  readonly #abort = new AbortController();
  #next: Next | null = null;
  #reading = Promise.resolve();
  #isReading = false;
  #changes: ApprovalChange[] = [];
  #drawing: ReturnType<typeof setTimeout> | undefined;

  constructor(filters: Filters) {
    this.#filters = filters;
  }

  /** @returns how to end it. */
  open(): () => void {
    const stop = onApproval((change) => {
      this.#changes.push(change);
      this.#drawing ??= setTimeout(() => this.#draw(), drawEveryMs);
    });
    void this.read();
    return () => {
      stop();
      clearTimeout(this.#drawing);
      this.#abort.abort();
    };
  }

  /** Reads it from the beginning. */
  read(): Promise<void> {
    return this.#take(async () => {
      const isFirst = this.total.peek() === undefined;
      const [first, urgent] = await Promise.all([this.#ask({}), this.#urgent()]);
      const before = this.approvals.peek();
      const found = byId([...first.data, ...urgent]);
      const late = isFirst ? [] : [...found.keys()].filter((id) => !before.has(id));
      if (late.length > 0) this.arrived.value = new Set([...this.arrived.peek(), ...late]);
      this.approvals.value = found;
      this.total.value = first.meta.total_count;
      this.#setNext(first);
    });
  }

  /** Takes what has arrived into the list. */
  take(): void {
    if (this.arrived.peek().size > 0) this.arrived.value = new Set();
  }

  /** Reads the next page, if there is one and it is not on its way. */
  readMore(): Promise<void> {
    const next = this.#next;
    if (next === null || this.#isReading) return Promise.resolve();
    return this.#take(async () => {
      const answer = await this.#ask(next);
      this.approvals.value = byId([...this.approvals.peek().values(), ...answer.data]);
      this.#setNext(answer);
    });
  }

  /** Newest first, they may be on any page. */
  async #urgent(): Promise<Approval[]> {
    if (this.#filters.status !== 'pending') return [];
    const expires_before = toEpochSeconds(systemClock()) + pressing;
    return (await this.#ask({ expires_before, sort_by: 'expires_at', sort_order: 'asc' })).data;
  }

  #ask(more: ApprovalsQuery): Promise<Answer> {
    return client.approvals.list({ ...asParameters(this.#filters), limit: pageSize, ...more }, this.#abort.signal);
  }

  /** One after the other, so that the last request is shown last. */
  #take(work: () => Promise<void>): Promise<void> {
    return (this.#reading = this.#reading.then(() => this.#attempt(work)));
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.#isReading = true;
    try {
      await work();
      this.problem.value = undefined;
    } catch (error) {
      if (!this.#abort.signal.aborted) this.problem.value = problemOf(error);
    }
    this.#isReading = false;
  }

  /** A search has pages by number, anything else a cursor, which what is new meanwhile does not shift. */
  #setNext({ meta }: Answer): void {
    const { next_cursor, page, total_pages } = meta;
    if (next_cursor !== null) this.#next = { cursor: next_cursor };
    else this.#next = this.#filters.text !== '' && page < total_pages ? { page: page + 1 } : null;
    this.hasMore.value = this.#next !== null;
  }

  #draw(): void {
    this.#drawing = undefined;
    const approvals = new Map(this.approvals.peek());
    const arrived = new Set(this.arrived.peek());
    let total = this.total.peek() ?? 0;
    for (const { id, approval } of this.#changes.splice(0)) {
      const wasHere = approvals.delete(id);
      const isHere = approval !== undefined && matches(approval, this.#filters);
      if (isHere) approvals.set(id, approval);
      if (isHere && !wasHere) arrived.add(id);
      total += Number(isHere) - Number(wasHere);
    }
    batch(() => {
      this.approvals.value = approvals;
      this.arrived.value = arrived;
      this.total.value = Math.max(total, approvals.size);
    });
  }
}

const byId = (approvals: readonly Approval[]): Map<string, Approval> =>
  new Map(approvals.map((approval) => [approval.id, approval]));
