import { CommandGuard, CommandGuards } from '@countersign/auth';
import type { Execution } from '@countersign/contracts/executions';
import { millisOf } from '@countersign/contracts/time';
import type { Definitions } from '@countersign/definitions';
import { encode } from '@countersign/messaging';
import { WorkPool, type Collection } from '@countersign/persistence';
import {
  countTakeovers,
  openCommandHandler,
  openAlarms,
  Refusals,
  type Service,
  type ServiceContext,
} from '@countersign/service';
import {
  DecisionGuard,
  openRequestVerifier,
  openResultKeyRing,
  openVerifier,
  RequestGuard,
} from '@countersign/signing';
import { PreviewGuard, signPreview } from '@countersign/signing/previews';
import { Module } from '@nestjs/common';
import type { Adapter } from './adapters/adapter.js';
import { CallerCommandsController } from './bus/caller-commands.controller.js';
import { CallerClaims } from './dispatch/caller-claims.js';
import { ConcurrencyKeys, keyCollection } from './execution/concurrency-keys.js';
import type { ExecutorConfig } from './config.js';
import { ExecutionEventsController } from './bus/execution-events.controller.js';
import { decideExecution } from './execution/execution.js';
import { ExecutionsController } from './http/executions.controller.js';
import { ExecutionMetrics } from './dispatch/execution-metrics.js';
import { Executions } from './execution/executions.js';
import { ExecutionDispatcher } from './dispatch/execution-dispatcher.js';
import { lastLook } from './dispatch/last-look.js';
import { Previews } from './dispatch/previews.js';
import { outputCollection, Outputs } from './results/outputs.js';
import { Replies, replyCollection } from './results/replies.js';
import { repliesNoLongerNeeded } from './results/reply-retention.js';
import { ResultKeysController } from './http/result-keys.controller.js';
import { ResultSigner } from './results/result-signer.js';
import { decideSwitch } from './kill-switch/switch.js';
import { SwitchEventsController } from './kill-switch/switch-events.controller.js';
import { backlog, startable } from './dispatch/startable.js';
import { SwitchesController } from './kill-switch/switches.controller.js';
import { switchCollection, Switches } from './kill-switch/switches.js';
import { CLOCK, LOG } from './tokens.js';
import { ToolCatalogue } from './tools/tool-catalogue.js';
import { declared, declaredTools, type Declared } from './tools/tools.js';
import { CallExecutor } from './dispatch/call-executor.js';

const executionCollection: Collection<Execution> = {
  name: 'executions',
  key: 'id',
  indexes: [
    ['due_at'],
    ['status', 'due_at'],
    ['status', 'queue_owner', 'due_at'],
    ['concurrency_key', 'status', 'created_at'],
    ['-created_at'],
    ['status', '-created_at'],
    ['run_id', '-created_at'],
    ['tool_name', '-created_at'],
    ['requester', '-created_at'],
    ['status', 'tool_name'],
  ],
};

@Module({})
class ExecutorModule {}

export interface ExecutorOptions {
  /** What `{{env.NAME}}` stands for in the file that declares the tools. */
  environment?: Record<string, string | undefined>;
  /** Makes the calls of these tools in place of what is declared. */
  adapters?: Record<string, Adapter>;
}

/** The service that owns executions. @throws ConfigError */
export const executorService = (config: ExecutorConfig, { environment = {}, adapters = {} }: ExecutorOptions = {}) => {
  const declarations = declared(config, environment);
  const toolsOf = (declarations: Declared) => {
    const own = declaredTools(declarations);
    for (const [name, adapter] of Object.entries(adapters)) own.set(name, { ...own.get(name)!, adapter });
    return own;
  };
  const own = toolsOf(declarations);
  return (context: ServiceContext): Service => {
    const { bus, busTo, configuration, database, exclusive, log, metrics, now, recordsSince, stopping, tracing } =
      context;
    const tools = new ToolCatalogue(declarations, own, log);
    const { secrets } = declarations.scope;
    const learnFrom = ({ tools, mcp_servers }: Definitions) => secrets.addAll([tools, mcp_servers], environment);
    learnFrom(declarations.definitions);
    configuration.follow({
      declaration: declarations.declaration,
      async prepare(declaration) {
        const { definitions } = declaration;
        const takeOver = await tools.prepare({ ...declarations, declaration, definitions }, toolsOf);
        learnFrom(definitions);
        return takeOver;
      },
    });
    const embeddedIn = config.KAFKA_BROKERS ? undefined : config.DATA_DIR;
    const signer = new ResultSigner(() => openResultKeyRing(config, embeddedIn));
    const { commandHandler, relay } = openCommandHandler(context, {
      service: 'executor',
      collection: executionCollection,
      decide: decideExecution,
      beforeCommit: signer.sign,
      onNeverPublished: async ({ type, data }, { message: reason }): Promise<unknown> =>
        (type === 'tool.execution_completed' || type === 'tool.execution_failed') && 'execution_id' in data
          ? commandHandler.execute(data.execution_id, { type: 'never_published', reason })
          : undefined,
    });
    const { commandHandler: switchRecords, relay: switchRelay } = openCommandHandler(context, {
      service: 'executor',
      collection: switchCollection,
      decide: decideSwitch,
    });
    const switches = new Switches(switchRecords, tools, config.EXECUTION_HOLD);
    const holders = database.collection(keyCollection).store;
    const keys = new ConcurrencyKeys(holders, commandHandler.store, now, () => switches.paused());
    const executions = new Executions(commandHandler, keys, log);
    const outputs = new Outputs(database.collection(outputCollection).store, now);
    const { store: replyStore } = database.collection(replyCollection);
    const replies = new Replies(replyStore, executions.store);
    const guard = new DecisionGuard(() => openVerifier(config, embeddedIn), now);
    const requests = new RequestGuard(config.APPROVAL_REQUESTS, () => openRequestVerifier(config, embeddedIn));
    const leaseMs = millisOf(config.LEASE_SECONDS);
    const worker = new CallExecutor({
      executions,
      tools,
      secrets,
      configuration,
      outputs,
      keepOutput: config.EXECUTION_OUTPUT_CHARACTERS,
      publish: async (event) => bus.publish([encode(event)]),
      metrics: new ExecutionMetrics(metrics, executions.store, () => tools.names(), now),
      lastLook: lastLook({ switches, keys, executions: executions.store, leaseMs, now }),
      tracing,
      leaseMs,
      now,
      log,
    });
    const alarms = openAlarms(context);
    const previewGuard = new PreviewGuard(() => openVerifier(config, embeddedIn));
    const previews = new Previews({
      tools,
      secrets,
      switches,
      configuration,
      guard: previewGuard,
      sign: (data) => signPreview(signer.ring.signingKey, data),
      publish: async (event) => bus.publish([encode(event)]),
      size: config.EXECUTOR_CONCURRENCY,
      alarms,
      now,
      log,
    });
    const executor: ExecutionDispatcher = new ExecutionDispatcher({
      executions,
      keys,
      switches,
      guard,
      pool: () => pool,
      tools,
      worker,
      leaseMs,
      now,
      recordsSince: () => recordsSince('executor'),
      expiredBefore: () => context.expiredBefore('executor'),
      alarms,
      tookOver: countTakeovers(metrics, 'executions'),
      requests,
      configuration,
    });
    const pool = new WorkPool<Execution>({
      store: executions.store,
      size: config.EXECUTOR_CONCURRENCY,
      now,
      log,
      filters: () => startable(switches),
      backlog: backlog(switches),
      onDue: (execution, place) => executor.onDue(execution, place),
    });

    const openKeys = async () =>
      void (await Promise.all([guard.open(), previewGuard.open(), signer.open(), requests.open()]));
    return {
      name: 'executor',
      module: {
        module: ExecutorModule,
        controllers: [
          SwitchesController,
          ExecutionsController,
          ResultKeysController,
          ExecutionEventsController,
          SwitchEventsController,
          CallerCommandsController,
        ],
        providers: [
          { provide: ExecutionDispatcher, useValue: executor },
          { provide: Executions, useValue: executions },
          { provide: Previews, useValue: previews },
          {
            provide: CallerClaims,
            useValue: new CallerClaims({ executions, dispatcher: executor, tools, now }),
          },
          { provide: Outputs, useValue: outputs },
          { provide: ResultSigner, useValue: signer },
          { provide: Switches, useValue: switches },
          {
            provide: CommandGuard,
            useFactory: (guards: CommandGuards) => guards.with(guard.keyOf, () => recordsSince('executor')),
            inject: [CommandGuards],
          },
          { provide: Refusals, useValue: new Refusals('executor', bus, now) },
          { provide: CLOCK, useValue: now },
          { provide: LOG, useValue: log },
        ],
      },
      checks: [{ name: 'executor/mcp-servers', degrades: true, check: () => tools.checkServers() }],
      retention: [
        repliesNoLongerNeeded(replyStore, executions.store),
        ...context.expiring('executor', 'executions', {
          store: executions.store,
          key: 'id',
          over: (before) => ({
            status: { in: ['succeeded', 'failed', 'cancelled'] },
            created_at: { lt: before },
            updated_at: { lt: before },
          }),
          sort: [['created_at', 'asc']],
          belongings: outputs,
        }),
      ],
      async start() {
        requests.warn(log);
        if (config.EXECUTION_HOLD !== undefined)
          log.warn({ reason: config.EXECUTION_HOLD }, 'EXECUTION_HOLD is set: no approved call begins');
        await Promise.all([openKeys(), tools.open()]);
      },
      reread: openKeys,
      records: executions.store,
      mayRecover: config.EXECUTION_HOLD !== undefined,
      async begin() {
        tools.begin({ busTo, replies, now });
        if (exclusive) await loseAll(executions);
        relay.start();
        switchRelay.start();
        // Leaving a consumer group may take a while, and nothing begins in it.
        stopping.addEventListener('abort', () => pool.drain());
        pool.start();
      },
      async stop(graceMs) {
        await Promise.all([pool.stop(graceMs), previews.stop()]);
        await worker.abandonAll();
        await Promise.all([relay.stop(), switchRelay.stop()]);
        await tools.close();
      },
    };
  };
};

/** What an earlier process was doing when it ended has an unknown outcome. */
async function loseAll(executions: Executions): Promise<void> {
  const reason = 'the executor stopped while the call was being made';
  for (const known of await executions.store.find({ filter: { status: 'running' }, sort: [], limit: 100_000 })) {
    // What an external agent makes goes on without this process, under its own lease.
    if (known.attempts.at(-1)?.made_by === 'caller') continue;
    await executions.handle(known.id, { type: 'lost', worker: known.lease!.worker, reason }, { known });
  }
}
