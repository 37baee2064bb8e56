import { CommandGuards } from '@countersign/auth';
import { finishedRunStatuses, type Run, type Session } from '@countersign/contracts/runs';
import { ConfigError } from '@countersign/contracts/problems';
import { atMillis, millisOf, toEpochSeconds } from '@countersign/contracts/time';
import { readDeclaration } from '@countersign/definitions/versions';
import { WorkPool, type CommandHandler, type Collection } from '@countersign/persistence';
import {
  countRecords,
  countTakeovers,
  openCommandHandler,
  openAlarms,
  type Service,
  type ServiceContext,
} from '@countersign/service';
import { DecisionGuard, openRequestKeyRing, openResultVerifier, openVerifier } from '@countersign/signing';
import { ResultGuard } from '@countersign/signing/results';
import type { Agent } from '@countersign/definitions';
import { Module } from '@nestjs/common';
import { agentVersionCollection, AgentVersions, decideAgentVersion } from './agents/agent-versions.js';
import { AgentsController } from './agents/agents.controller.js';
import { Agents } from './agents/agents.js';
import { ExternalCallsController } from './external-agents/external-calls.controller.js';
import { ExternalCalls } from './external-agents/external-calls.js';
import { McpController } from './external-agents/mcp.controller.js';
import type { AgentRunnerConfig } from './config.js';
import type { Model } from './model/model.js';
import { MeasuredModel } from './model/measured.js';
import { ChatModel } from './model/chat/chat-model.js';
import { OpenAIModel } from './model/openai.js';
import { ScriptedModel } from './model/scripted.js';
import { CallPreview } from './stream/call-preview.js';
import { ResendSweep } from './resend/resend-sweep.js';
import { backlog, RunQueue } from './dispatch/queue.js';
import { RequestKeysController } from './http/request-keys.controller.js';
import { RequestSigner } from './dispatch/request-signer.js';
import { RunCommands, trustedCommandsMean } from './bus/run-commands.js';
import { RunEventsController } from './bus/run-events.controller.js';
import { RunStream } from './stream/run-stream.js';
import { RunWatch } from './stream/run-watch.js';
import type { RunMessage } from './run/messages.js';
import { decideRun } from './run/run.js';
import { tellingUngated } from './dispatch/ungated-calls.js';
import { RunDispatcher } from './dispatch/run-dispatcher.js';
import { RunAdmission } from './http/run-admission.js';
import { RunsController } from './http/runs.controller.js';
import { decideSession } from './sessions/session.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { Sessions } from './sessions/sessions.js';
import { TextPreview } from './stream/text-preview.js';
import { AGENT_OF_RUN, ALARMS, MCP_WAIT_MS, RUNS, SESSIONS } from './tokens.js';
import type { RunRejection } from './run/states.js';

const runCollection: Collection<Run> = {
  name: 'runs',
  key: 'run_id',
  indexes: [
    ['due_at'],
    ['-created_at'],
    ['status', '-created_at'],
    ['status', 'due_at'],
    ['status', 'queue_owner', 'due_at'],
    ['session_id', '-created_at'],
    ['session_id', '-turn'],
    ['agent_id', '-created_at'],
    ['user_id', '-created_at'],
    ['unsettled', '-created_at'],
  ],
};

const sessionCollection: Collection<Session> = {
  name: 'sessions',
  key: 'session_id',
  indexes: [['-created_at'], ['-updated_at'], ['agent_id', '-created_at'], ['user_id', '-created_at']],
};

@Module({})
class AgentRunnerModule {}

/** The model that the configuration asks for. @throws ConfigError */
export function modelFor(config: AgentRunnerConfig): Model {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, AZURE_OPENAI_API_VERSION, MODEL_API, MODEL_TIMEOUT_SECONDS } = config;
  if (OPENAI_API_KEY === undefined && OPENAI_BASE_URL === undefined) return new ScriptedModel();
  if (AZURE_OPENAI_API_VERSION !== undefined && OPENAI_BASE_URL === undefined)
    throw new ConfigError('AZURE_OPENAI_API_VERSION needs OPENAI_BASE_URL, the address of the Azure resource.');
  const options = {
    apiKey: OPENAI_API_KEY ?? 'none',
    baseURL: OPENAI_BASE_URL,
    azureApiVersion: AZURE_OPENAI_API_VERSION,
    timeoutMs: millisOf(MODEL_TIMEOUT_SECONDS),
  };
  return MODEL_API === 'chat_completions' ? new ChatModel(options) : new OpenAIModel(options);
}

export interface AgentRunnerOptions {
  model?: Model;
  /** What `{{env.NAME}}` stands for in the file that declares agents and tools. */
  environment?: Record<string, string | undefined>;
}

/** The service that owns runs. @throws ConfigError */
export function agentRunner(
  config: AgentRunnerConfig,
  { model = modelFor(config), environment = {} }: AgentRunnerOptions = {},
): (context: ServiceContext) => Service {
  const declaration = readDeclaration(config.COUNTERSIGN_CONFIG);
  return (context) => {
    const { definitions } = declaration;
    const { bus, configuration, exclusive, log, metrics, now, recordsSince, setBack, stopping, tracing } = context;
    const embeddedIn = config.KAFKA_BROKERS ? undefined : config.DATA_DIR;
    const signer = new RequestSigner(
      () => openRequestKeyRing(config, embeddedIn),
      (began) => setBack('agent-runner', began),
    );
    const withRecords = (message: RunMessage): RunMessage => {
      if (message.type === 'claimed')
        return { ...message, records_since: toEpochSeconds(recordsSince('agent-runner')) };
      if (message.type !== 'requested' && message.type !== 'calls_requested') return message;
      return { ...message, forgets: setBack('agent-runner', atMillis(0)) !== null };
    };
    const { commandHandler: runs, relay } = openCommandHandler<Run, RunMessage, RunRejection>(context, {
      service: 'agent-runner',
      collection: runCollection,
      decide: (run, message, at) => tellingUngated(run, decideRun(run, withRecords(message), at)),
      beforeCommit: signer.sign,
      onCommit: (events) => events.forEach(({ key }) => watch.changed(key)),
      onNeverPublished: async ({ type, key, data }, { message: reason }): Promise<unknown> =>
        type === 'tool.approval_required' && 'approval_id' in data
          ? runs.execute(key, { type: 'never_published', event: type, call: data.approval_id, reason })
          : undefined,
    });
    const { commandHandler: sessions } = openCommandHandler(context, {
      service: 'agent-runner',
      collection: sessionCollection,
      decide: decideSession,
    });
    const store = runs.store;
    countRecords(metrics, store, {
      name: 'countersign_runs',
      help: 'Runs that are not over.',
      statuses: ['PENDING', 'RUNNING', 'PAUSED'],
    });
    const agents = new Agents({ definitions, model: config.MODEL, environment, now, log });
    configuration.follow({ declaration, prepare: (next) => agents.prepare(next.definitions) });
    const watch = new RunWatch(store, stopping);
    const preview = new TextPreview(bus, exclusive, log, now);
    const calls = new CallPreview();
    const queue = new RunQueue({
      store,
      limit: config.RUNNER_QUEUE_LIMIT,
      perOwner: config.RUNNER_QUEUE_LIMIT_PER_USER,
      now,
    });
    const wake = (id: string) => runner.handle(id, { type: 'turn_came' });
    const turns: Sessions = new Sessions({ sessions, runs: store, wake, log });
    const { commandHandler: agentVersions, relay: versionRelay } = openCommandHandler(context, {
      service: 'agent-runner',
      collection: agentVersionCollection,
      decide: decideAgentVersion,
    });
    const versions = new AgentVersions(agentVersions, now, log);
    const runner: RunDispatcher = new RunDispatcher({
      runs,
      pool: () => pool,
      agents,
      versions,
      fresh: (looks) => (looks ? configuration.fresh() : configuration.check()),
      sessions: turns,
      model: new MeasuredModel(model, metrics, tracing, now),
      tracing,
      preview: (run, offset, text) => preview.write(run, offset, text),
      changed: (runId) => watch.changed(runId),
      tookOver: countTakeovers(metrics, 'runs'),
      leaseMs: millisOf(config.LEASE_SECONDS),
      now,
      log,
    });
    const guard = new DecisionGuard(() => openVerifier(config, embeddedIn), now);
    const results = new ResultGuard(() => openResultVerifier(config, embeddedIn));
    const openKeys = async () => void (await Promise.all([guard.open(), results.open(), signer.open()]));
    const afterMs = millisOf(config.RESEND_AFTER_SECONDS);
    const replacedAt = () => recordsSince('agent-runner');
    const again = new ResendSweep({ runs: store, runner, versions, agents, metrics, afterMs, replacedAt, now, log });
    const pool = new WorkPool<Run>({
      store,
      size: config.RUNNER_CONCURRENCY,
      now,
      log,
      backlog,
      onDue: (run, place) => runner.onDue(run, place),
    });

    const agentOfRun = async (run_id: string): Promise<Agent | null> => {
      const run = await store.get(run_id);
      const agent = run && (await versions.forRun(run, agents));
      return agent && !('problem' in agent) ? agent : null;
    };

    return {
      name: 'agent-runner',
      module: {
        module: AgentRunnerModule,
        controllers: [
          AgentsController,
          ExternalCallsController,
          McpController,
          RunsController,
          SessionsController,
          RunEventsController,
          RequestKeysController,
        ],
        providers: [
          { provide: RunDispatcher, useValue: runner },
          {
            provide: RunCommands,
            useFactory: (guards: CommandGuards) =>
              new RunCommands(
                guards.with(guard.keyOf, () => recordsSince('agent-runner')),
                store,
                config.RUN_COMMANDS,
              ),
            inject: [CommandGuards],
          },
          { provide: ExternalCalls, useValue: new ExternalCalls({ agents, versions, sessions: turns, runner }) },
          { provide: DecisionGuard, useValue: guard },
          { provide: ResultGuard, useValue: results },
          { provide: RequestSigner, useValue: signer },
          { provide: ALARMS, useValue: openAlarms(context) },
          { provide: AGENT_OF_RUN, useValue: agentOfRun },
          { provide: RunWatch, useValue: watch },
          { provide: RunStream, useValue: new RunStream(store, watch, preview, calls) },
          { provide: RunQueue, useValue: queue },
          RunAdmission,
          { provide: RUNS, useValue: store },
          { provide: MCP_WAIT_MS, useValue: millisOf(config.MCP_WAIT_SECONDS) },
          { provide: Sessions, useValue: turns },
          { provide: SESSIONS, useValue: sessions.store },
          { provide: Sessions, useValue: turns },
          { provide: Agents, useValue: agents },
        ],
      },
      checks: [{ name: 'agent-runner/mcp-servers', degrades: true, check: () => agents.checkServers() }],
      async start() {
        if (config.RUN_COMMANDS === 'trusted') log.warn({}, `RUN_COMMANDS is "trusted": ${trustedCommandsMean}`);
        await Promise.all([agents.load(), openKeys()]);
        preview.tail();
        calls.tail(bus);
        watch.tail(bus, (runId, version) => {
          runner
            .look(runId, version)
            .catch((error: unknown) => log.warn({ err: error, run_id: runId }, 'cannot read a run'));
        });
      },
      reread: openKeys,
      retention: context.expiring('agent-runner', 'runs', {
        store,
        key: 'run_id',
        over: (before) => ({
          status: { in: finishedRunStatuses },
          unsettled: { not: true },
          created_at: { lt: before },
          updated_at: { lt: before },
        }),
        sort: [['created_at', 'asc']],
      }),
      records: store,
      async begin() {
        if (exclusive) await releaseAll(runs);
        relay.start();
        versionRelay.start();
        pool.start();
        again.start();
      },
      async stop(graceMs) {
        await again.stop();
        await pool.stop(graceMs);
        await Promise.all([relay.stop(), versionRelay.stop()]);
        await Promise.all([watch.stop(), preview.stop(), calls.stop(), agents.close()]);
      },
    };
  };
}

/** Hands back the runs that an earlier life of this process held. */
async function releaseAll(runs: CommandHandler<Run, RunMessage, RunRejection>): Promise<void> {
  const held = await runs.store.find({ filter: { status: 'RUNNING' }, sort: [], limit: 100_000 });
  for (const run of held)
    await runs.execute(run.run_id, { type: 'released', worker: run.lease!.worker }, { known: run });
}
