import { modelFor, RunDispatcher, type Model } from '@countersign/agent-runner';
import { APPROVALS, rulesOf, type ApprovalMessage } from '@countersign/approval-service';
import { approvalId, type EventName } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { committed, type CommandHandler, type CommitDiagnostic } from '@countersign/persistence';
import { serve, type Service, type ServiceContext } from '@countersign/service';
import { randomUUID } from 'node:crypto';
import type { Cycle } from './load.js';
import { createServices, input, toolCallId, type Config, type CreateService } from './services.js';

/** They ask for nothing beyond what the approval does. */
const rules = rulesOf({ rules: [], default: { approve: true }, groups: {} });

export interface System {
  cycle(): Promise<Cycle>;
  stop(): Promise<void>;
}

/**
 * The three services in this process, driven by calls of what their controllers call.
 *
 * @param around is handed each service's context, to look at what passes through it.
 * @param beside services that take no part in a cycle.
 */
export async function startInProcess(
  config: Config,
  around: (context: ServiceContext) => ServiceContext = (context) => context,
  beside: readonly CreateService[] = [],
): Promise<System> {
  const started: Service[] = [];
  const model = timed(modelFor(config));
  const create = [...Object.values(createServices(config, model)), ...beside].map(
    (each) => (context: ServiceContext) => {
      const service = each(around(context));
      started.push(service);
      return service;
    },
  );
  const serving = await serve(config, create);
  const runner = provided<RunDispatcher>(started, RunDispatcher);
  const approvals = provided<CommandHandler<Approval, ApprovalMessage>>(started, APPROVALS);
  const commits = new Commits();

  return {
    async cycle() {
      const run_id = randomUUID();
      const created = commits.next('approval.created', run_id);
      await runner.handle(run_id, {
        type: 'requested',
        run: {
          run_id,
          agent_id: 'ops',
          session_id: run_id,
          user_id: null,
          requested_by: 'bench',
          run_input: input,
          deadline_at: null,
          streamed: false,
          traceparent: null,
          tracestate: null,
        },
      });
      await created;
      const completed = commits.next('run.completed', run_id);
      const began = performance.now();
      await approvals.execute(approvalId(run_id, toolCallId), {
        type: 'decided',
        verdict: 'approved',
        by: 'alice',
        resolution_data: null,
        groups: [],
        rules,
      });
      await completed;
      return { resume: performance.now() - began, model: model.took };
    },
    async stop() {
      commits.close();
      await serving.stop();
    },
  };
}

/** Tells when a run's event is stored, at the moment of the commit. */
class Commits {
  readonly #waiting = new Map<string, () => void>();

  constructor() {
    committed.subscribe(this.#seen);
  }

  next(type: EventName, run: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(`${type} ${run}`, resolve));
  }

  close(): void {
    committed.unsubscribe(this.#seen);
  }

  readonly #seen = (message: unknown): void => {
    for (const { type, key } of (message as CommitDiagnostic).events) {
      const name = `${type} ${key}`;
      this.#waiting.get(name)?.();
      this.#waiting.delete(name);
    }
  };
}

/** Knows what the last answer took; with one run at a time that is the answer of this run. */
function timed(model: Model): Model & { took: number } {
  const timing: Model & { took: number } = {
    took: 0,
    description: model.description,
    provider: model.provider,
    async respond(...request) {
      const began = performance.now();
      try {
        return await model.respond(...request);
      } finally {
        timing.took = performance.now() - began;
      }
    },
  };
  return timing;
}

function provided<T>(services: readonly Service[], token: unknown): T {
  for (const { module } of services) {
    for (const provider of module.providers ?? []) {
      if ('useValue' in provider && provider.provide === token) return provider.useValue as T;
    }
  }
  throw new Error(`no service provides ${String(token)}`);
}
