import type { Execution, Log } from '@countersign/contracts';
import type { Aggregate, Handled, Store } from '@countersign/persistence';
import type { ConcurrencyKeys } from '../execution/concurrency-keys.js';
import type { ExecutionMessage } from '../execution/messages.js';
import { isOver } from '../execution/state.js';

type Options = Parameters<Aggregate<Execution, ExecutionMessage>['handle']>[2];

/** All executions: whatever becomes of one, who waited for its concurrency key is next. */
export class Executions {
  constructor(
    private readonly aggregate: Aggregate<Execution, ExecutionMessage>,
    private readonly keys: ConcurrencyKeys,
    private readonly log: Log,
  ) {}

  get store(): Store<Execution> {
    return this.aggregate.store;
  }

  /** @see Aggregate.handle */
  async handle(id: string, message: ExecutionMessage, options?: Options): Promise<Handled<Execution>> {
    const handled = await this.aggregate.handle(id, message, options);
    if (handled.kind === 'changed' && isOver(handled.state)) await this.#handOn(handled.state);
    return handled;
  }

  async #handOn(execution: Execution): Promise<void> {
    const { id, concurrency_key } = execution;
    if (concurrency_key === null) return;
    try {
      const next = await this.keys.release(concurrency_key, execution);
      if (next !== null) await this.aggregate.handle(next, { type: 'postponed', until: 0, held_by: null });
    } catch (error) {
      this.log.warn({ err: error, execution_id: id }, 'its concurrency key is found free when somebody looks again');
    }
  }
}
