import { ApiError, gate, GateError, type Calls, type Executions, type GateOptions } from '@countersign/client';
import type { Execution } from '@countersign/contracts/executions';
import type { RequestedCalls } from '@countersign/contracts/runs';
import { setTimeout as delay } from 'node:timers/promises';
import { Dice } from '../simulation/dice.js';
import { eventually } from '../world/eventually.js';
import type { World } from '../world/world.js';

const tool = 'deploy_as_caller';
const longestMs = 3_000;
/** Whoever has heard nothing of a command by then sends it again. */
const commandMs = 8_000;

/** How somebody sends a command over the log, where that goes beside the services. */
export type Send = (topic: string, key: string, data: object) => Promise<void>;

interface Caller {
  key: string;
  /** Some speak over the log, and look by HTTP what came of it. */
  overLog: boolean;
  takesMs: number;
  ended: boolean;
  vanish(): void;
}

/** Programs whose calls are gated and that make them themselves. They vanish in the midst of it, and begin again. */
export class Callers {
  /** Runs of calls that were confirmed to them. */
  readonly asked = new Set<string>();
  #callers: Caller[] = [];

  constructor(
    private readonly world: World,
    private readonly dice: Dice,
    private readonly say: (line: string) => void,
    private readonly send: Send | undefined,
  ) {}

  begin(): void {
    const { dice } = this;
    const overLog = this.send !== undefined && dice.oneIn(2);
    const about = { key: `caller-${this.#callers.length + 1}`, overLog, takesMs: dice.below(longestMs), ended: false };
    const caller: Caller = { ...about, vanish() {} };
    this.#callers.push(caller);
    this.#live(caller);
  }

  /** One ends as by `kill -9`, wherever it is, and is started again. */
  replaceOne(): void {
    const caller = this.dice.pick(this.#callers.filter(({ ended }) => !ended));
    if (!caller) return;
    caller.vanish();
    this.#live(caller, this.dice.below(2 * longestMs));
  }

  /** Those that have not heard what came of their calls. */
  get waiting(): string[] {
    return this.#callers.filter(({ ended }) => !ended).map(({ key }) => key);
  }

  #live(caller: Caller, afterMs = 0): void {
    let isGone = false;
    const alive = async <T>(work: () => Promise<T>): Promise<T> => {
      const answer = await work().then((value) => () => value, asUnreachable);
      return isGone ? new Promise<never>(() => {}) : answer();
    };
    let attempt = 0;
    const note = (what: 'start' | 'end', id: string) =>
      this.world.write(`${what} ${tool} ${id} ${attempt} ${Date.now()}`);
    const deploy = async (_: { name: string }, { id }: { id: string }) => {
      note('start', id);
      await delay(caller.takesMs);
      if (!isGone) note('end', id);
    };
    const client = this.#client(caller, alive, (n) => (attempt = n));
    const call = gate(deploy, { client, agent: 'caller', tool });
    void delay(afterMs)
      .then(() => call({ name: caller.key }, { key: caller.key }))
      .catch((error: unknown) => {
        if (!(error instanceof GateError)) this.say(`${caller.key} gives up: ${String(error)}`);
      })
      .then(() => (caller.ended = true));
    caller.vanish = () => {
      isGone = true;
    };
  }

  /** Another instance each time, and nothing any more once its program is gone. */
  #client(
    { overLog, key }: Caller,
    alive: <T>(work: () => Promise<T>) => Promise<T>,
    claimed: (attempt: number) => void,
  ): GateOptions['client'] {
    const as = () => this.world.client.for('caller', { roles: ['requester'] });
    const calls: Pick<Calls, 'ask' | 'next'> = {
      ask: (agent, wanted, options) =>
        alive(async () => {
          const asked = overLog
            ? await this.#askOverLog(key, { agent_id: agent, ...wanted })
            : await (await as()).calls.ask(agent, wanted, options);
          this.asked.add(asked.run_id);
          return asked;
        }),
      next: (before, options) => alive(async () => (await as()).calls.next(before, { ...options, seconds: 5 })),
    };
    const executions: Pick<Executions, 'claim' | 'extend' | 'outcome'> = {
      claim: (id, wanted) =>
        alive(async () => {
          const execution = overLog
            ? await this.#claimOverLog(id, wanted)
            : await (await as()).executions.claim(id, wanted);
          claimed(execution.attempts.at(-1)!.attempt);
          return execution;
        }),
      extend: (id, wanted) => alive(async () => (await as()).executions.extend(id, wanted)),
      outcome: (id, wanted) =>
        alive(async () => {
          if (!overLog) return (await as()).executions.outcome(id, wanted);
          await this.#command('tool.report_requested', id, { approval_id: id, ...wanted });
          return this.#once('a report to count', id, ({ status, lease }) => {
            if (status === 'running' && lease!.worker !== `caller/${wanted.claim}`) throw lost('claim_lost');
            if (status === 'outcome_unknown') throw lost(status);
            return status !== 'running';
          });
        }),
    };
    return { calls, executions } as GateOptions['client'];
  }

  async #askOverLog(run_id: string, wanted: object): Promise<RequestedCalls> {
    await this.#command('tool.call_requested', run_id, { run_id, ...wanted });
    const client = await this.world.client.for('caller', { roles: ['requester'] });
    return eventually('calls to be asked for', () => client.calls.get({ agent_id: 'caller', run_id }), {
      ms: commandMs,
    });
  }

  async #claimOverLog(id: string, { claim }: { claim: string }): Promise<Execution> {
    await this.#command('tool.claim_requested', id, { approval_id: id, claim });
    return this.#once('a call to be claimed', id, ({ status, lease }) => {
      if (lease?.worker === `caller/${claim}`) return true;
      if (status !== 'queued') throw lost('claim_lost');
      return false;
    });
  }

  /** @throws what it throws when it looks for the last time */
  async #once(what: string, id: string, isSo: (execution: Execution) => boolean): Promise<Execution> {
    const client = await this.world.client.for('caller', { roles: ['requester'] });
    for (const until = Date.now() + commandMs; Date.now() < until; await delay(100)) {
      const execution = await client.executions.get(id);
      if (isSo(execution)) return execution;
    }
    throw new Error(`waited for ${what}`);
  }

  async #command(
    topic: 'tool.call_requested' | 'tool.claim_requested' | 'tool.report_requested',
    key: string,
    data: object,
  ) {
    await this.send!(topic, key, await this.world.client.command(topic, data, 'caller', { roles: ['requester'] }));
  }
}

const lost = (code: string): ApiError => new ApiError(`It is lost: ${code}.`, { status: 409, code });

/** Whatever is not an answer may pass: no instance runs just now, or a broker is away. */
const asUnreachable =
  (error: unknown): (() => never) =>
  () => {
    throw error instanceof ApiError ? error : new ApiError(String(error), { status: 0, code: 'unreachable' });
  };
