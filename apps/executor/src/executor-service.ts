import type { Execution } from '@countersign/contracts';
import { WorkPool, type Aggregate, type Collection } from '@countersign/persistence';
import { openAggregate, type Service, type ServiceContext } from '@countersign/service';
import { DecisionGuard, openVerifier } from '@countersign/signing';
import { Module } from '@nestjs/common';
import type { Adapter } from './adapter.js';
import type { ExecutorConfig } from './config.js';
import { ExecutionEventsController } from './execution-events.controller.js';
import { decideExecution, type ExecutionMessage } from './execution.js';
import { ExecutionsController } from './executions.controller.js';
import { Executor } from './executor.js';
import { EXECUTIONS } from './tokens.js';
import { declaredTools } from './tools.js';

const executionCollection: Collection<Execution> = {
  name: 'executions',
  key: 'id',
  indexes: [
    ['due_at'],
    ['-created_at'],
    ['status', '-created_at'],
    ['run_id', '-created_at'],
    ['tool_name', '-created_at'],
    ['requester', '-created_at'],
  ],
};

@Module({})
class ExecutorModule {}

export interface ExecutorOptions {
  /** What it may do, by tool name; what the definitions declare unless given. */
  tools?: ReadonlyMap<string, Adapter>;
  /** What `{{env.NAME}}` stands for in the file that declares the tools. */
  environment?: Record<string, string | undefined>;
}

/** The service that owns executions. @throws ConfigError */
export const executorService =
  (config: ExecutorConfig, { environment = {}, tools = declaredTools(config, environment) }: ExecutorOptions = {}) =>
  (context: ServiceContext): Service => {
    const { exclusive, log, now } = context;
    const { aggregate: executions, relay } = openAggregate<Execution, ExecutionMessage>(context, {
      service: 'executor',
      collection: executionCollection,
      decide: decideExecution,
    });
    const guard = new DecisionGuard(
      () => openVerifier(config, config.KAFKA_BROKERS ? undefined : config.DATA_DIR),
      now,
    );
    const leaseMs = config.LEASE_SECONDS * 1000;
    const executor: Executor = new Executor({ executions, pool: () => pool, tools, leaseMs, log });
    const pool = new WorkPool<Execution>({
      store: executions.store,
      size: config.EXECUTOR_CONCURRENCY,
      now,
      log,
      attend: (execution, place) => executor.attend(execution, place),
    });

    return {
      name: 'executor',
      module: {
        module: ExecutorModule,
        controllers: [ExecutionsController, ExecutionEventsController],
        providers: [
          { provide: Executor, useValue: executor },
          { provide: DecisionGuard, useValue: guard },
          { provide: EXECUTIONS, useValue: executions },
        ],
      },
      async start() {
        await guard.open();
        if (exclusive) await loseAll(executions);
        relay.start();
        pool.start();
      },
      async stop(grace) {
        await pool.stop(grace);
        await executor.abandonAll();
        await relay.stop();
      },
    };
  };

/** What an earlier life of this process was doing when it ended, nobody saw the end of. */
async function loseAll(executions: Aggregate<Execution, ExecutionMessage>): Promise<void> {
  const running = await executions.store.find({ filter: { status: 'running' }, sort: [], limit: 100_000 });
  for (const execution of running) {
    const reason = 'the executor stopped while the call was being made';
    await executions.handle(
      execution.id,
      { type: 'lost', worker: execution.lease!.worker, reason },
      { known: execution },
    );
  }
}
