import type { Approval, ApprovalStats, ApprovalStatus } from '@countersign/contracts/approvals';
import { toEpochSeconds, toEpochMillis, after, type EpochMillis, type EpochSeconds } from '@countersign/contracts/time';
import type { Filter, Store } from '@countersign/persistence';
import { forPeople } from '@countersign/service';

/** The ages by which pending approvals are counted, in seconds: of late, an hour, four, a day, a week. */
const ages = [0, 3_600, 14_400, 86_400, 604_800];
const ends = ['approved', 'rejected', 'expired', 'cancelled'] as const satisfies ApprovalStatus[];
const day = 86_400;
/** Decisions of each kind that the time to decision is taken from. */
const recent = 500;

interface Scope {
  /** What whoever asks is confined to. */
  own: Filter<Approval>;
  days: number;
  now: EpochMillis;
}

/** Each number is a count over an index, so that it costs little however many approvals there are. */
export async function statsOf(store: Store<Approval>, { own, days, now }: Scope): Promise<ApprovalStats> {
  const at = toEpochSeconds(now);
  const shown = { ...own, deleted_at: null };
  const count = (filter: Filter<Approval>) => forPeople(() => store.count({ ...filter, ...shown }));
  const [pending, byDay, seconds] = await Promise.all([
    Promise.all(ages.map(async (older_than, n) => ({ older_than, count: await count(agedAt(n, at)) }))),
    Promise.all(startsOf(days, at).map((start) => dayFrom(start, count))),
    secondsToDecision(store, shown),
  ]);
  return { pending, days: byDay, seconds_to_decision: quantilesOf(seconds) };
}

/** Those that are as old as this age, and younger than the next. */
function agedAt(n: number, at: EpochSeconds): Filter<Approval> {
  const next = ages[n + 1];
  return {
    status: 'pending',
    created_at: { lte: after(at, -ages[n]!), ...(next !== undefined && { gt: after(at, -next) }) },
  };
}

/** When each of so many days began, the one that `at` is in as the last. */
const startsOf = (days: number, at: EpochSeconds): EpochSeconds[] =>
  Array.from({ length: days }, (_, n) => after(at, -(at % day) - (days - 1 - n) * day));

async function dayFrom(start: EpochSeconds, count: (filter: Filter<Approval>) => Promise<number>) {
  const within = { resolved_at: { gte: start, lt: after(start, day) } };
  const [approved, rejected, expired, cancelled] = await Promise.all(
    ends.map((status) => count({ status, ...within })),
  );
  const date = new Date(toEpochMillis(start)).toISOString().slice(0, 10);
  return { date, approved: approved!, rejected: rejected!, expired: expired!, cancelled: cancelled! };
}

/** Of what people decided, not rules. */
async function secondsToDecision(store: Store<Approval>, shown: Filter<Approval>): Promise<number[]> {
  const sort = [['resolved_at', 'desc']] as const;
  const decided = await Promise.all(
    (['approved', 'rejected'] as const).map((status) =>
      store.find({ filter: { status, ...shown }, sort, limit: recent }),
    ),
  );
  return decided
    .flat()
    .filter(({ decisions }) => decisions.some(({ by }) => by !== null))
    .map(({ created_at, resolved_at }) => resolved_at! - created_at);
}

function quantilesOf(seconds: readonly number[]): ApprovalStats['seconds_to_decision'] {
  if (seconds.length === 0) return null;
  const sorted = seconds.toSorted((a, b) => a - b);
  const quantile = (q: number) => sorted[Math.ceil(q * sorted.length) - 1]!;
  return { median: quantile(0.5), p90: quantile(0.9), decided: sorted.length };
}
