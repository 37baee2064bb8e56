import type { Execution } from '@countersign/contracts/executions';
import type { Seconds } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { countRecords, type Metrics } from '@countersign/service';
import type { Outcome } from '../adapters/adapter.js';

const buckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];

/** What an operator watches of executions. */
export class ExecutionMetrics {
  readonly #calls;

  constructor(metrics: Metrics, executions: Pick<Store<Execution>, 'count'>) {
    countRecords(metrics, executions, {
      name: 'countersign_executions',
      help: 'Executions that are not over; those of outcome_unknown and awaiting_report wait for a person.',
      statuses: ['queued', 'running', 'reconciling', 'awaiting_report', 'outcome_unknown'],
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

  called(tool: string, { outcome }: Pick<Outcome, 'outcome'>, seconds: Seconds): void {
    this.#calls.observe({ tool, outcome }, seconds);
  }
}
