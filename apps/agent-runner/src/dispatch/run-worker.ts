import type { Log } from '@countersign/contracts';
import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { isGated, needsOperator, type Call, type Run, type RunErrorCode } from '@countersign/contracts/runs';
import { type EpochMillis, after, type Millis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { argumentProblems } from '@countersign/definitions/templates';
import { retryUntilStored, type CommandResult } from '@countersign/persistence';
import type { Tracing } from '@countersign/service';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentVersions, Unfit } from '../agents/agent-versions.js';
import type { Agents } from '../agents/agents.js';
import { isForWorker, isOpen } from '../run/call.js';
import { failureOf, unknownOutcome } from '../run/conversation.js';
import { takenIn } from '../model/wire/intake.js';
import { ModelError, type Model } from '../model/model.js';
import type { RunMessage } from '../run/messages.js';
import type { Sessions } from '../sessions/sessions.js';
import type { RunRejection } from '../run/states.js';
import { modelRetry } from './model-retry.js';

export interface WorkerOptions {
  /** Records what the worker says of the run, and returns what the run is then. */
  execute(run: Run, message: RunMessage): Promise<CommandResult<Run, RunRejection>>;
  look(runId: string): Promise<Run | undefined>;
  /** Is shown the text of a step while the model writes it. */
  preview(run: Run, offset: number, text: string): void;
  agents: Pick<Agents, 'get' | 'missing' | 'functionOf'>;
  versions: AgentVersions;
  /**
   * Resolves when agents and tools are those in force now, or without a look: when it is not known that they are not.
   *
   * @throws RetryableError when they are not
   */
  fresh(looks: boolean): Promise<void>;
  sessions: Sessions;
  model: Model;
  tracing: Tracing;
  leaseMs: Millis;
  now(): EpochMillis;
  log: Log;
}

/** How often a run is looked up whose decisions another instance may record. */
const lookEveryMs = 1_000;
/** How soon a run that waits for something of the runner itself looks again. */
const lookAgainMs = 5_000;

/** Sees to one run under one claim: makes its calls and asks the model, until it ends, pauses, or is no longer held. */
export class RunWorker {
  readonly #options: WorkerOptions;
  readonly #name: string;
  /** Aborted when the run is no longer held: cancelled, late, or taken over. */
  readonly #leaseLost = new AbortController();
  readonly #stopping: AbortSignal;
  readonly #making = new Map<string, Promise<void>>();
  #run: Run;
  #changed = Promise.withResolvers<void>();
  /** What has to be there before a call can be made that is due. */
  #waitsFor: string | undefined;

  constructor(options: WorkerOptions, claimed: Run, stopping: AbortSignal) {
    this.#options = options;
    this.#run = claimed;
    this.#name = claimed.lease!.worker;
    this.#stopping = stopping;
  }

  /** Of the run, as the worker last saw it. */
  get version(): number {
    return this.#run.version;
  }

  /** A newer state of the run, whoever changed it. */
  see(run: Run): void {
    if (run.version <= this.#run.version) return;
    this.#run = run;
    if (!this.#isHeld) this.#leaseLost.abort();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async work(): Promise<void> {
    const timers = this.#keepAlive();
    try {
      while (this.#isHeld && !this.#stopping.aborted) {
        this.#beginCalls();
        if (this.#making.size > 0) await this.#somethingHappens();
        else if (this.#waitsFor !== undefined) await this.#say(this.#postponed(this.#waitsFor));
        else if (this.#run.calls.some(isOpen)) break;
        else await this.#askModel();
      }
      // A gated call runs to its end even when the process stops: no other process may make it.
      await Promise.all(this.#making.values());
      if (this.#isHeld) await this.#say({ type: 'released', worker: this.#name });
    } finally {
      timers();
    }
  }

  get #isHeld(): boolean {
    return this.#run.status === 'RUNNING' && this.#run.lease?.worker === this.#name;
  }

  /** Extends the lease while there is work, and ends the run on its deadline. @returns what stops this. */
  #keepAlive(): () => void {
    const extend = () => {
      const message: RunMessage = { type: 'lease_extended', worker: this.#name, lease_ms: this.#options.leaseMs };
      this.#execute(message).then(
        ({ kind }) => kind === 'changed' || this.#leaseLost.abort(),
        (error: unknown) => this.#options.log.warn({ err: error, run_id: this.#run.run_id }, 'cannot extend the lease'),
      );
    };
    const heartbeat = setInterval(extend, this.#options.leaseMs / 3);
    // A timer may ring a millisecond early, and the deadline would then have to wait for the next heartbeat.
    const left = (this.#run.deadline_at ?? Infinity) - this.#options.now();
    const deadline = left < 2 ** 31 ? setTimeout(extend, Math.max(0, left) + 1) : undefined;
    return () => {
      clearInterval(heartbeat);
      clearTimeout(deadline);
    };
  }

  async #execute(message: RunMessage): Promise<CommandResult<Run, RunRejection>> {
    const handled = await this.#options.execute(this.#run, message);
    if (handled.state) this.see(handled.state);
    return handled;
  }

  /** Says it until it is recorded, however long the store is out of reach. */
  #say(message: RunMessage): Promise<CommandResult<Run, RunRejection>> {
    return this.#retryUntilStored(() => this.#execute(message));
  }

  /** Ends the run when this can never be stored, since whoever takes the run over would come to the same point. */
  async #sayOrEnd(message: RunMessage): Promise<void> {
    try {
      await this.#say(message);
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      const what = message.type === 'call_ended' ? 'what a call returned' : 'what the model answered';
      const reason = `${what} cannot be stored: ${error.message}`;
      const failed = { code: 'not_storable', error: reason, retry_after_ms: null } as const;
      await this.#say({ type: 'model_failed', worker: this.#name, ...failed });
    }
  }

  #retryUntilStored<T>(work: () => Promise<T>): Promise<T> {
    return retryUntilStored(work, this.#options.log);
  }

  /** The definition that the run works with, by what is in force now; or by what is known, where no more depends on it. */
  async #agent(looks: boolean): Promise<Agent | Unfit> {
    try {
      await this.#options.fresh(looks);
    } catch (error) {
      if (error instanceof RetryableError) return { problem: error.message, wait: true };
      throw error;
    }
    return this.#retryUntilStored(() => this.#options.versions.forRun(this.#run, this.#options.agents));
  }

  /** Also what another instance records: while calls are made a decision on another call can arrive there. */
  async #somethingHappens(): Promise<void> {
    const awaitsDecision = this.#run.calls.some(({ state }) => state === 'asked');
    const looked = awaitsDecision ? [delay(lookEveryMs, undefined, { ref: false }).then(() => this.#look())] : [];
    await Promise.race([this.#changed.promise, ...this.#making.values(), ...looked]);
  }

  async #look(): Promise<void> {
    const run = await this.#options.look(this.#run.run_id).catch(() => undefined);
    if (run) this.see(run);
  }

  #beginCalls(): void {
    if (this.#waitsFor !== undefined) return;
    for (const call of this.#run.calls) {
      if (!isForWorker(call) || this.#making.has(call.id)) continue;
      const making = this.#make(call).finally(() => this.#making.delete(call.id));
      this.#making.set(call.id, making);
    }
  }

  /** Makes one call. A gated one is recorded as started before, so that it is never made twice. */
  async #make(call: Call): Promise<void> {
    const gated = isGated(call);
    const agent = await this.#agent(true);
    if ('wait' in agent) return void (this.#waitsFor = agent.problem);
    const problem = problemWith(call, agent);
    if (problem === undefined && gated) {
      await this.#say({ type: 'call_started', worker: this.#name, call: call.id });
      if (!this.#isHeld || !this.#isStarted(call)) return;
    }
    const ended = problem === undefined ? await this.#call(call, gated) : { output: problem, failed: true };
    if (ended) await this.#sayOrEnd({ type: 'call_ended', worker: this.#name, call: call.id, ...ended });
  }

  /** Under this claim no other worker starts a call, so one that is started was started here, whatever the store replied. */
  #isStarted({ id }: Call): boolean {
    return this.#run.calls.some((call) => call.id === id && call.state === 'started');
  }

  async #call({ id, tool_execution: call }: Call, gated: boolean) {
    const run = this.#options.agents.functionOf(call.tool_name);
    if (!run) return { output: `Nothing was done. The tool "${call.tool_name}" is out of reach now.`, failed: true };
    const signal = gated ? this.#leaseLost.signal : AbortSignal.any([this.#leaseLost.signal, this.#stopping]);
    try {
      const about = { id, run_id: this.#run.run_id, tool_call_id: call.tool_call_id, attempt: 1 };
      const context = { ...about, signal, progress() {} };
      const attributes = toolAttributes(call);
      const output = await this.#options.tracing.span(`execute_tool ${call.tool_name}`, { attributes }, async () =>
        run(call.tool_args, context),
      );
      return { output, failed: false };
    } catch (error) {
      if (signal.aborted) return gated ? { output: unknownOutcome, failed: true } : undefined;
      return { output: failureOf(error instanceof Error ? error.message : String(error)), failed: true };
    }
  }

  async #askModel(): Promise<void> {
    await this.#sayOrEnd(await this.#nextOfModel(this.#run));
  }

  async #nextOfModel(run: Run): Promise<RunMessage> {
    const worker = this.#name;
    const signal = AbortSignal.any([this.#leaseLost.signal, this.#stopping]);
    // A run that has begun goes on with its agent; whether what that asks for may be done is looked up for each call.
    const agent = await this.#agent(run.agent_version === null);
    if ('wait' in agent) return this.#postponed(agent.problem);
    if ('problem' in agent)
      return { type: 'model_failed', worker, code: 'agent_unfit', error: agent.problem, retry_after_ms: null };
    try {
      const answered = await this.#inTurn(run, signal, (turn, until) => this.#respond(run, agent, turn, until));
      if (!answered) return this.#postponed(`another run of session ${run.session_id} has its turn`, 'session_busy');
      const { remarks } = takenIn(run, answered.response.items);
      if (remarks.length > 0)
        this.#options.log.warn({ run_id: run.run_id, remarks }, 'the answer of the model violates the protocol');
      return { type: 'model_responded', worker, agent, step: run.steps, ...answered };
    } catch (error) {
      if (signal.aborted) return { type: 'released', worker };
      return this.#modelFailed(run, agent, error);
    }
  }

  /** Said once of a run, where somebody has to act; the metric says for how long. */
  #modelFailed({ run_id, failures, error_code }: Run, agent: Agent, error: unknown): RunMessage {
    const { message, code, retry_after_ms } = modelRetry(error, failures);
    const context = { run_id, model: agent.model, code, err: error, retry_after_ms };
    if (needsOperator(code) && code !== error_code)
      this.#options.log.error(context, 'the model is unusable until an operator acts; its runs wait');
    else this.#options.log.warn(context, 'model call failed');
    return { type: 'model_failed', worker: this.#name, agent, code, error: message, retry_after_ms };
  }

  #postponed(reason: string, code: RunErrorCode = 'agent_incomplete'): RunMessage {
    return { type: 'postponed', worker: this.#name, until: after(this.#options.now(), lookAgainMs), reason, code };
  }

  /** A run alone in its session asks the model while it asks for its turn, which will hardly ever be another's. */
  async #inTurn<T>(
    run: Run,
    signal: AbortSignal,
    work: (turn: number, signal: AbortSignal) => Promise<T>,
  ): Promise<{ turn: number; response: T } | undefined> {
    if (run.turn !== null) return { turn: run.turn, response: await work(run.turn, signal) };
    const wrong = new AbortController();
    const isAlone = run.session_id === run.run_id;
    const early = isAlone ? work(0, AbortSignal.any([signal, wrong.signal])) : undefined;
    early?.catch(() => {});
    const turn = await this.#retryUntilStored(() => this.#options.sessions.turnOf(run));
    if (early && turn === 0) return { turn, response: await early };
    wrong.abort();
    if (turn === 'refused')
      throw new ModelError(`Session ${run.session_id} belongs to another user.`, null, 'session_refused');
    return turn === undefined ? undefined : { turn, response: await work(turn, signal) };
  }

  async #respond(run: Run, agent: Agent, turn: number, signal: AbortSignal) {
    const history = await this.#retryUntilStored(() => this.#options.sessions.historyBefore(run, turn, agent));
    let offset = 0;
    const onText = (text: string) => {
      this.#options.preview(run, offset, text);
      offset += text.length;
    };
    const conversation = [...history, ...run.items];
    return this.#options.model.respond({ agent, conversation, signal, ...(run.streamed && { onText }) });
  }
}

const toolAttributes = ({ tool_name, tool_call_id }: Call['tool_execution']) => ({
  'gen_ai.operation.name': 'execute_tool',
  'gen_ai.tool.name': tool_name,
  'gen_ai.tool.call.id': tool_call_id,
  'gen_ai.tool.type': 'function',
});

/** What must be known of a call before it is made: that its tool is there, and that the arguments fit it. */
function problemWith({ tool_execution: { tool_name, tool_args } }: Call, agent: Agent | Unfit): string | undefined {
  if ('problem' in agent) return `Nothing was done. ${agent.problem}`;
  const tool = agent.tools.find(({ name }) => name === tool_name);
  if (!tool) return `Nothing was done. There is no tool "${tool_name}" any more.`;
  const problems = argumentProblems(tool.parameters, tool_args);
  return problems.length > 0 ? `Nothing was done. The arguments do not fit: ${problems.join('; ')}` : undefined;
}
