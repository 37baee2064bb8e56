import type { Execution } from '@countersign/contracts/executions';
import type { Run } from '@countersign/contracts/runs';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import type { Database, Filter, Store } from '@countersign/persistence';
import { mostNamed } from './history.js';
import { markAsPast, recordsIn } from './stores.js';

/** What a log that is empty gets from a store, once its services run. */
export interface LogRebuilt {
  dry_run: boolean;
  until_ms: number | null;
  /** Ids of runs that ask again for what they wait for. */
  asked_again: string[];
  /** Ids of runs that began after that time, which end instead. */
  ended: string[];
  ended_count: number;
  runs_waiting: number;
  approvals_waiting: number;
  executions_waiting: number;
  /** Records that are over: what was published of them is not published again. */
  over: { runs: number; approvals: number; executions: number };
}

interface LogOptions {
  dryRun: boolean;
  /** What began later ends. */
  until?: EpochMillis | undefined;
}

const isOpen = { in: ['PENDING', 'RUNNING', 'PAUSED'] } as const;

/** What waits asks again by itself; this says what that is, and lets it begin. */
export async function logFromStore(
  { database, note }: { database: Database; note: string },
  { dryRun, until }: LogOptions,
): Promise<LogRebuilt> {
  const { runs, approvals, executions } = recordsIn(database);
  const open = { status: { in: ['queued', 'running', 'awaiting_report', 'reconciling', 'outcome_unknown'] } };
  const [early, late] = bounds(until);
  const named = (filter: Filter<Run>) => runs.find({ filter, sort: [['created_at', 'asc']], limit: mostNamed });
  const [asking, ended, ended_count] = await Promise.all([
    named({ ...early, status: 'PAUSED' }),
    late ? named(late) : [],
    late ? runs.count(late) : 0,
  ]);
  const [allRuns, allApprovals, allExecutions] = await Promise.all([
    runs.count({}),
    approvals.count({}),
    executions.count({}),
  ]);
  const [runs_waiting, approvals_waiting, executions_waiting] = await Promise.all([
    runs.count({ status: isOpen }),
    approvals.count({ status: 'pending' }),
    executions.count(open as Filter<Execution>),
  ]);
  if (!dryRun) await markAsPast(database, note);
  if (!dryRun && until !== undefined) await endLate(runs, until);
  return {
    dry_run: dryRun,
    until_ms: until ?? null,
    asked_again: asking.map(({ run_id }) => run_id),
    ended: ended.map(({ run_id }) => run_id),
    ended_count,
    runs_waiting,
    approvals_waiting,
    executions_waiting,
    over: {
      runs: allRuns - runs_waiting,
      approvals: allApprovals - approvals_waiting,
      executions: allExecutions - executions_waiting,
    },
  };
}

/** What runs that are not over are like that began by then, and those that began later. */
function bounds(until: EpochMillis | undefined): [early: Filter<Run>, late: Filter<Run> | undefined] {
  if (until === undefined) return [{}, undefined];
  const second = toEpochSeconds(until);
  return [{ created_at: { lte: second } }, { status: isOpen, created_at: { gt: second } }];
}

/**
 * That time becomes their deadline. So it is the runner that ends them, signed by its key, as each run whose deadline has
 * passed; and what waited for them and has not begun is taken back.
 */
async function endLate(runs: Store<Run>, until: EpochMillis): Promise<void> {
  const filter = { ...bounds(until)[1], deadline_at: { not: until } };
  for (;;) {
    const found = await runs.find({ filter, sort: [['created_at', 'asc']], limit: mostNamed });
    if (found.length === 0) return;
    for (const run of found) {
      const state = { ...run, version: run.version + 1, deadline_at: until, due_at: until };
      await runs.commit({ expected: run.version, state, events: [] });
    }
  }
}
