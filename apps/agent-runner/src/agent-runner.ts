import type { Run } from '@countersign/contracts';
import { WorkPool, type Aggregate, type Collection } from '@countersign/persistence';
import { openAggregate, type Service, type ServiceContext } from '@countersign/service';
import { Module } from '@nestjs/common';
import { opsAgent } from './agents.js';
import type { AgentRunnerConfig } from './config.js';
import type { Model } from './model.js';
import { OpenAIModel } from './model.openai.js';
import { ScriptedModel } from './model.scripted.js';
import { RunEventsController } from './run-events.controller.js';
import { RunWatch } from './run-watch.js';
import { decideRun, type RunMessage } from './run.js';
import { Runner } from './runner.js';
import { RunsController } from './runs.controller.js';
import { AGENTS, RUNS } from './tokens.js';

const runCollection: Collection<Run> = {
  name: 'runs',
  key: 'run_id',
  indexes: [
    ['due_at'],
    ['-created_at'],
    ['status', '-created_at'],
    ['session_id', '-created_at'],
    ['agent_id', '-created_at'],
    ['user_id', '-created_at'],
  ],
};

@Module({})
class AgentRunnerModule {}

/** The model that the configuration asks for. */
export function modelFor({ OPENAI_API_KEY, OPENAI_BASE_URL, MODEL_TIMEOUT_SECONDS }: AgentRunnerConfig): Model {
  if (OPENAI_API_KEY === undefined && OPENAI_BASE_URL === undefined) return new ScriptedModel();
  return new OpenAIModel({
    apiKey: OPENAI_API_KEY ?? 'none',
    baseURL: OPENAI_BASE_URL,
    timeout: MODEL_TIMEOUT_SECONDS * 1000,
  });
}

/** The service that owns runs. */
export const agentRunner =
  (config: AgentRunnerConfig, model: Model = modelFor(config)) =>
  (context: ServiceContext): Service => {
    const { bus, exclusive, log, now, stopping } = context;
    const { aggregate: runs, relay } = openAggregate<Run, RunMessage>(context, {
      service: 'agent-runner',
      collection: runCollection,
      decide: decideRun,
      onCommit: (events) => events.forEach(({ key }) => watch.changed(key)),
    });
    const store = runs.store;
    const watch = new RunWatch(store, stopping);
    const agents = new Map([opsAgent(config.MODEL)].map((agent) => [agent.id, agent]));
    const leaseMs = config.LEASE_SECONDS * 1000;
    const runner: Runner = new Runner({ runs, pool: () => pool, agents, model, leaseMs, log });
    const pool = new WorkPool<Run>({
      store,
      size: config.RUNNER_CONCURRENCY,
      now,
      log,
      attend: (run, place) => runner.attend(run, place),
    });

    return {
      name: 'agent-runner',
      module: {
        module: AgentRunnerModule,
        controllers: [RunsController, RunEventsController],
        providers: [
          { provide: Runner, useValue: runner },
          { provide: RunWatch, useValue: watch },
          { provide: RUNS, useValue: store },
          { provide: AGENTS, useValue: agents },
        ],
      },
      async start() {
        if (exclusive) await releaseAll(runs);
        relay.start();
        pool.start();
        watch.follow(bus);
      },
      async stop(grace) {
        await pool.stop(grace);
        await relay.stop();
        await watch.stop();
      },
    };
  };

/** Hands back the runs that an earlier life of this process held. */
async function releaseAll(runs: Aggregate<Run, RunMessage>): Promise<void> {
  const held = await runs.store.find({ filter: { status: 'RUNNING' }, sort: [], limit: 100_000 });
  for (const run of held)
    await runs.handle(run.run_id, { type: 'released', worker: run.lease!.worker }, { known: run });
}
