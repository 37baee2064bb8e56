import type { Execution } from '@countersign/contracts/executions';
import type { Seconds } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { countRecords, type Metrics } from '@countersign/service';
import type { Outcome } from '../adapters/adapter.js';

const buckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];

/** What an operator watches of executions. */
export class ExecutionMetrics {
  readonly #calls;
  readonly #late;

  constructor(metrics: Metrics, executions: Pick<Store<Execution>, 'count'>) {
    countRecords(metrics, executions, {
      name: 'countersign_executions',
      help: 'Executions that are not over; those of outcome_unknown and awaiting_report wait for a person.',
      statuses: ['queued', 'running', 'reconciling', 'awaiting_report', 'outcome_unknown'],
    });
    this.#late = metrics.counter({
      name: 'countersign_execution_late_reports_total',
      help: 'Outcomes that a worker reported after it had lost the call; kept with the attempt, and not counted.',
      labels: ['tool', 'outcome'],
    });
    this.#calls = metrics.durations(
      {
        name: 'countersign_execution_call_seconds',
        help: 'Calls that this process made or reconciled, by outcome.',
        labels: ['tool', 'outcome'],
      },
      buckets,
    );
  }

  /** What a worker reported that had lost the call. */
  late(tool: string, outcome: Outcome['outcome']): void {
    this.#late.add({ tool, outcome });
  }

  called(tool: string, { outcome }: Pick<Outcome, 'outcome'>, seconds: Seconds): void {
    this.#calls.observe({ tool, outcome }, seconds);
  }
}
