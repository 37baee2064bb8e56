import type { Log } from '@countersign/contracts';
import type { Execution } from '@countersign/contracts/executions';
import { atMillis } from '@countersign/contracts/time';
import type { CommandHandler, CommandResult, Store } from '@countersign/persistence';
import type { ConcurrencyKeys } from './concurrency-keys.js';
import type { ExecutionMessage } from './messages.js';
import { isOver, type ExecutionRejection } from './state.js';

type Options = Parameters<CommandHandler<Execution, ExecutionMessage>['execute']>[2];

/** All executions: whatever becomes of one, who waited for its concurrency key is next. */
export class Executions {
  constructor(
    private readonly commandHandler: CommandHandler<Execution, ExecutionMessage, ExecutionRejection>,
    private readonly keys: ConcurrencyKeys,
    private readonly log: Log,
  ) {}

  get store(): Store<Execution> {
    return this.commandHandler.store;
  }

  /** @see CommandHandler.execute */
  async handle(
    id: string,
    message: ExecutionMessage,
    options?: Options,
  ): Promise<CommandResult<Execution, ExecutionRejection>> {
    const handled = await this.commandHandler.execute(id, message, options);
    if (handled.kind === 'changed' && isOver(handled.state)) await this.#handOn(handled.state);
    return handled;
  }

  async #handOn(execution: Execution): Promise<void> {
    const { id, concurrency_key } = execution;
    if (concurrency_key === null) return;
    try {
      const next = await this.keys.release(concurrency_key, execution);
      if (next !== null)
        await this.commandHandler.execute(next, { type: 'postponed', until: atMillis(0), held_by: null });
    } catch (error) {
      this.log.warn({ err: error, execution_id: id }, 'concurrency key not passed on; the next poll finds it free');
    }
  }
}
