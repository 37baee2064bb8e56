import type { Execution } from '@countersign/contracts/executions';
import { secondsOf, toEpochMillis, type Clock, type Seconds } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { countRecords, type Metrics } from '@countersign/service';
import type { Outcome } from '../adapters/adapter.js';

const buckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];

/** What an operator watches of executions. */
export class ExecutionMetrics {
  readonly #calls;
  readonly #late;
  readonly #starts;

  /** @param tools those that there are now. */
  constructor(
    metrics: Metrics,
    executions: Pick<Store<Execution>, 'count' | 'find'>,
    tools: () => string[],
    now: Clock,
  ) {
    countRecords(metrics, executions, {
      name: 'countersign_executions',
      help: 'Executions that are not over; those of outcome_unknown and awaiting_report wait for a person.',
      statuses: ['queued', 'running', 'reconciling', 'awaiting_report', 'outcome_unknown'],
    });
    metrics.levels(
      {
        name: 'countersign_executions_queued',
        help: 'Approved calls that have not begun, by tool, held ones included. Of all instances.',
        labels: ['tool'],
      },
      () =>
        Promise.all(
          tools().map(async (tool) => ({
            labels: { tool },
            value: await executions.count({ status: 'queued', tool_name: tool }),
          })),
        ),
    );
    metrics.levels(
      {
        name: 'countersign_executions_due',
        help: 'Approved calls that could begin now or be looked at again, if there were places. Of all instances.',
        labels: [],
      },
      async () => [{ labels: {}, value: await executions.count({ due_at: { lte: now() } }) }],
    );
    metrics.levels(
      {
        name: 'countersign_execution_oldest_queued_seconds',
        help: 'How long the call waits that was approved first and has not begun. Of all instances.',
        labels: [],
      },
      async () => {
        const [oldest] = await executions.find({
          filter: { status: 'queued' },
          sort: [['created_at', 'asc']],
          limit: 1,
        });
        return [{ labels: {}, value: oldest ? secondsOf(now() - toEpochMillis(oldest.created_at)) : 0 }];
      },
    );
    this.#late = metrics.counter({
      name: 'countersign_execution_late_reports_total',
      help: 'Outcomes that a worker reported after it had lost the call; kept with the attempt, and not counted.',
      labels: ['tool', 'outcome'],
    });
    this.#starts = metrics.durations(
      {
        name: 'countersign_execution_start_seconds',
        help: 'From the decision, as it came in here, until the call began; what held it counts.',
        labels: ['tool'],
      },
      buckets,
    );
    this.#calls = metrics.durations(
      {
        name: 'countersign_execution_call_seconds',
        help: 'Calls that this process made or reconciled, by outcome.',
        labels: ['tool', 'outcome'],
      },
      buckets,
    );
  }

  /** A call begins for the first time. @param seconds since its decision was taken on here */
  began(tool: string, seconds: Seconds): void {
    this.#starts.observe({ tool }, seconds);
  }

  /** What a worker reported that had lost the call. */
  late(tool: string, outcome: Outcome['outcome']): void {
    this.#late.add({ tool, outcome });
  }

  called(tool: string, { outcome }: Pick<Outcome, 'outcome'>, seconds: Seconds): void {
    this.#calls.observe({ tool, outcome }, seconds);
  }
}
