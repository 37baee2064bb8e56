import type { RunMessage } from '@countersign/agent-runner';
import type { Event } from '@countersign/contracts';
import { RetryableError } from '@countersign/contracts/problems';
import { isGated, type Call, type Run } from '@countersign/contracts/runs';
import { after, toEpochSeconds } from '@countersign/contracts/time';
import type { CommandResult } from '@countersign/persistence';
import { checkConversation } from './invariants/conversation.js';
import { agent, answerOf, lastAnswer } from './model.js';
import type { Steps, World } from './world.js';

const lease_ms = 30_000;

/** Records a message for a run; where a place is free, the run is claimed in the same commit. */
export async function tellRun(world: World, runId: string, message: RunMessage): Promise<CommandResult<Run>> {
  if (world.dice.oneIn(2)) return world.runs.aggregate.execute(runId, message);
  const worker = world.fresh('worker');
  const then = [claimedBy(world, worker)];
  return working(world, worker, await world.runs.aggregate.execute(runId, message, { then }));
}

/** Looks for a run that is due, and some time later claims it. */
export function attendToRun(world: World, run: Run): void {
  const worker = world.fresh('worker');
  world.spawn('agent-runner', `${worker} claims`, claim(world, worker, run));
}

async function* claim(world: World, worker: string, known: Run): Steps {
  yield;
  const message = claimedBy(world, worker);
  working(world, worker, await world.runs.aggregate.execute(known.run_id, message, { known }));
}

const claimedBy = ({ since }: World, worker: string): RunMessage => ({
  type: 'claimed',
  worker,
  lease_ms,
  records_since: toEpochSeconds(since.runs),
});

function working(world: World, worker: string, handled: CommandResult<Run>): CommandResult<Run> {
  const claimed = handled.kind === 'changed' && handled.state.lease?.worker === worker;
  if (claimed) world.spawn('agent-runner', worker, new SimulatedWorker(world, worker, handled.state).work());
  return handled;
}

/** Does what the runner's worker does, and may be left standing wherever that one waits for something. */
class SimulatedWorker {
  readonly #world: World;
  readonly #name: string;
  readonly #making = new Map<string, Steps>();
  #run: Run;
  #stopping = false;

  constructor(world: World, name: string, run: Run) {
    this.#world = world;
    this.#name = name;
    this.#run = run;
  }

  get #isHeld(): boolean {
    return this.#run.status === 'RUNNING' && this.#run.lease?.worker === this.#name;
  }

  async *work(): Steps {
    while (this.#isHeld && !this.#stopping) {
      yield;
      await this.#meanwhile();
      this.#beginCalls();
      if (this.#making.size > 0) await this.#goOnWithACall();
      else if (this.#run.calls.some(({ state }) => state !== 'answered')) break;
      else yield* this.#askModel();
    }
    for (; this.#making.size > 0; yield) await this.#goOnWithACall();
    if (this.#isHeld) yield* this.#say({ type: 'released', worker: this.#name });
  }

  /** What happens to a worker beside its work: its lease is extended, it learns of changes, it is told to stop. */
  async #meanwhile(): Promise<void> {
    const { dice, runs, isFair } = this.#world;
    if (dice.oneIn(2)) this.#see(await runs.store.get(this.#run.run_id));
    if (dice.oneIn(6)) {
      const message: RunMessage = { type: 'lease_extended', worker: this.#name, lease_ms };
      await this.#tell(message).catch(unlessOutOfReach);
    }
    if (!isFair && dice.oneIn(30)) this.#stopping = true;
  }

  #beginCalls(): void {
    for (const call of this.#run.calls) {
      const isMine = call.state === 'ready' || call.state === 'started';
      if (isMine && !this.#making.has(call.id)) this.#making.set(call.id, this.#make(call));
    }
  }

  async #goOnWithACall(): Promise<void> {
    const [id, steps] = this.#world.dice.pick([...this.#making])!;
    if ((await steps.next()).done) this.#making.delete(id);
  }

  async *#make(call: Call): Steps {
    const { dice, isFair, ledger } = this.#world;
    const ended = { type: 'call_ended', worker: this.#name, call: call.id } as const;
    if (!isFair && dice.oneIn(30)) return yield* this.#say({ ...ended, output: 'Nothing was done.', failed: true });
    if (isGated(call)) {
      yield* this.#say({ type: 'call_started', worker: this.#name, call: call.id });
      if (!this.#isHeld || !this.#isStarted(call)) return;
      yield;
    }
    ledger.madeByRunner(this.#run, call);
    yield* this.#takesAWhile();
    if (!this.#isHeld && !isGated(call)) return;
    if (!this.#world.isFair && this.#world.dice.oneIn(40)) return yield* this.#giveUp('the output cannot be stored');
    const isSeen = this.#isHeld || this.#world.dice.oneIn(2);
    yield* this.#say({ ...ended, output: isSeen ? `${call.id} is made` : 'It is UNKNOWN.', failed: !isSeen });
  }

  #isStarted({ id }: Call): boolean {
    return this.#run.calls.some((call) => call.id === id && call.state === 'started');
  }

  async *#askModel(): Steps {
    const { dice, isFair, ledger, now } = this.#world;
    const worker = this.#name;
    const { run_id, items, steps } = this.#run;
    if (!isFair && dice.oneIn(20))
      return yield* this.#say({ type: 'postponed', worker, until: after(now, 5_000), reason: 'not its turn' });
    checkConversation(items);
    yield* this.#takesAWhile();
    const answer = this.#world.isFair ? lastAnswer : answerOf(this.#world.dice);
    if ('error' in answer) return yield* this.#say({ type: 'model_failed', worker, ...answer });
    ledger.modelAnswered(run_id);
    if (!this.#world.isFair && this.#world.dice.oneIn(40)) return yield* this.#giveUp('the answer cannot be stored');
    yield* this.#say({ type: 'model_responded', worker, agent, step: steps, turn: 0, response: answer });
  }

  async *#takesAWhile(): Steps {
    do yield;
    while (!this.#world.isFair && this.#world.dice.oneIn(2));
  }

  #giveUp(error: string): Steps {
    return this.#say({ type: 'model_failed', worker: this.#name, error, retry_after_ms: null });
  }

  /** Says it until the store has replied. */
  async *#say(message: RunMessage): Steps {
    while (!(await this.#tell(message).catch(unlessOutOfReach))) yield;
  }

  async #tell(message: RunMessage): Promise<CommandResult<Run>> {
    const handled = await this.#world.runs.aggregate.execute(this.#run.run_id, message, { known: this.#run });
    this.#world.trace(`  ${this.#name} says ${message.type}: ${outcomeOf(handled)}`);
    this.#see(handled.state);
    return handled;
  }

  #see(run: Run | undefined): void {
    if (run && run.version > this.#run.version) this.#run = run;
  }
}

export const outcomeOf = <R>(handled: CommandResult<R>): string =>
  handled.kind === 'changed' ? 'changed' : `${handled.kind}, ${handled.reason}`;

export function unlessOutOfReach(error: unknown): undefined {
  if (!(error instanceof RetryableError)) throw error;
}

/** What a run is told that was set back: the dead letter says what it has forgotten. */
const unknown = new Set<string>(['run_not_found', 'call_not_found']);

/** What arrives for runs. */
export async function* runnerHandles(world: World, event: Event): Steps {
  yield;
  const handled = await tellRun(world, event.key, event as Extract<RunMessage, Event>);
  world.trace(`  agent-runner: ${outcomeOf(handled)}`);
  const isForgotten = handled.kind === 'rejected' && unknown.has(handled.code) && world.ledger.isRestored(event.key);
  if (handled.kind === 'rejected' && !isForgotten)
    throw new Error(`${event.id} goes to the dead letters: ${handled.reason}`);
}

/** The only process of the runner starts again: none of its workers lives, and their runs are handed back. */
export async function restartRunner(world: World): Promise<void> {
  for (const process of world.processes.filter(({ service }) => service === 'agent-runner')) world.drop(process);
  for (const run of world.runs.store.all().filter(({ status }) => status === 'RUNNING'))
    await world.runs.aggregate.execute(run.run_id, { type: 'released', worker: run.lease!.worker }, { known: run });
}
