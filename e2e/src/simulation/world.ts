import { eventSource, type Event, type ServiceName } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import type { Execution, ExecutionTerms } from '@countersign/contracts/executions';
import { RetryableError } from '@countersign/contracts/problems';
import type { Run } from '@countersign/contracts/runs';
import { atMillis, latest, type EpochMillis } from '@countersign/contracts/time';
import { decideRun, type RunMessage } from '@countersign/agent-runner';
import { decideApproval, type ApprovalMessage, type PolicyDecision, rulesOf } from '@countersign/approval-service';
import { decideExecution, type ExecutionMessage } from '@countersign/executor';
import {
  CommandHandler,
  type CommandHandlerOptions,
  type Collection,
  type Decide,
  type StoredRecord,
} from '@countersign/persistence';
import type { Links } from './attack/links.js';
import { Deputies } from './deputies.js';
import { Dice } from './dice.js';
import { EventLog } from './event-log.js';
import { checkApproval, checkExecution, checkRun } from './invariants/records.js';
import { Ledger } from './ledger.js';
import { MemoryStore } from './memory-store.js';

/** Work that goes on step by step, each up to the next `yield`. It may be left there for long, or for good. */
export type Steps = AsyncGenerator<void, void>;

interface Process {
  name: string;
  service: ServiceName;
  steps: Steps;
  ended(): void;
}

export interface WorldOptions {
  /** What the rules say of every call that asks for approval. */
  judgement: PolicyDecision;
  /** Is told what happens. */
  trace(line: string): void;
  /** With them everything is signed, and what does not verify is not handled, as it is outside of a simulation. */
  links?: Links | undefined;
}

export const storeNames = ['runs', 'approvals', 'executions'] as const;
export type StoreName = (typeof storeNames)[number];

interface Kept<R extends StoredRecord & { run_id: string }, M> {
  store: MemoryStore<R>;
  aggregate: CommandHandler<R, M>;
}

/** The three services with their records, the log between them, what is under way in them, and the time. */
export class World {
  readonly begun = atMillis(Date.UTC(2026, 8, 1, 9, 30));
  #now = this.begun;
  /** The latest that the clock has ever shown. */
  farthest = this.begun;
  dice = new Dice(0);
  /** From then on nothing is lost, nobody dies, and everybody does what is waited for. */
  isFair = false;
  readonly judgement: PolicyDecision;
  /** They ask for nothing beyond that. */
  readonly rules = rulesOf({ rules: [], default: { approve: true }, groups: {} });
  readonly trace: (line: string) => void;
  readonly links: Links | undefined;
  readonly log = new EventLog();
  readonly ledger = new Ledger(this);
  readonly deputies = new Deputies(this);
  /** Before these times records may lack: their store was restored. */
  readonly since: Record<StoreName, EpochMillis> = {
    runs: atMillis(0),
    approvals: atMillis(0),
    executions: atMillis(0),
  };
  /** How the tools of this story are made. */
  readonly terms = new Map<string, ExecutionTerms>();
  readonly runs: Kept<Run, RunMessage>;
  readonly approvals: Kept<Approval, ApprovalMessage>;
  readonly executions: Kept<Execution, ExecutionMessage>;
  processes: Process[] = [];
  #names = 0;

  constructor({ judgement, trace, links }: WorldOptions) {
    this.judgement = judgement;
    this.trace = trace;
    this.links = links;
    const { runs, approvals, executions } = links?.seals ?? {};
    this.runs = this.#keep({ name: 'runs', key: 'run_id' }, 'agent-runner', decideRun, checkRun, runs);
    this.approvals = this.#keep(
      { name: 'approvals', key: 'id' },
      'approval-service',
      decideApproval,
      checkApproval,
      approvals,
    );
    this.executions = this.#keep(
      { name: 'executions', key: 'id' },
      'executor',
      decideExecution,
      checkExecution,
      executions,
    );
  }

  get now(): EpochMillis {
    return this.#now;
  }
  set now(now: EpochMillis) {
    this.#now = now;
    this.farthest = latest(this.farthest, now);
  }

  /** A name that nobody had before. */
  fresh(kind: string): string {
    return `${kind}-${++this.#names}`;
  }

  spawn(service: ServiceName, name: string, steps: Steps, ended: () => void = () => {}): void {
    this.processes.push({ service, name, steps, ended });
  }

  /** One step of this process. One that meets a store out of reach gives up, and what it did not do is left undone. */
  async advance(process: Process): Promise<void> {
    const done = await process.steps.next().then(
      (result) => result.done === true,
      (error: unknown) => {
        if (!(error instanceof RetryableError)) throw error;
        this.trace(`  ${process.name}: ${error.message}`);
        return true;
      },
    );
    if (done) this.drop(process);
  }

  /** The process is no more: nobody sees to it that it tidies up. */
  drop(process: Process): void {
    this.processes = this.processes.filter((each) => each !== process);
    process.ended();
  }

  /** Publishes up to so many events of a record; with `twice` the last stays in the outbox, to be published again. */
  publish(store: MemoryStore<never>, id: string, count: number, twice = false): void {
    const queue = store.unpublished.get(id)!;
    const events = queue.slice(0, count);
    for (const event of events) this.log.append(event);
    queue.splice(0, twice ? events.length - 1 : events.length);
    if (queue.length === 0) store.unpublished.delete(id);
  }

  get stores(): MemoryStore<never>[] {
    return [this.runs, this.approvals, this.executions].map(({ store }) => store as unknown as MemoryStore<never>);
  }

  #keep<R extends StoredRecord & { run_id: string }, M>(
    { name, key }: Pick<Collection<R>, 'name' | 'key'>,
    service: ServiceName,
    decide: Decide<R, M>,
    check: (world: World, before: R | undefined, after: R, events: readonly Event[]) => void,
    beforeCommit: CommandHandlerOptions<R, M>['beforeCommit'],
  ): Kept<R, M> {
    const collection: Collection<R> = { name, key, indexes: [] };
    const store = new MemoryStore<R>({
      collection,
      check: (before, after, events) => check(this, before, after, events),
      answerIsLost: () => !this.isFair && this.dice.oneIn(40),
    });
    const aggregate = new CommandHandler<R, M>({
      collection,
      store,
      decide,
      source: eventSource(service),
      ...(beforeCommit && { beforeCommit }),
      publish: () => {},
      now: () => this.now,
    });
    return { store, aggregate };
  }
}
