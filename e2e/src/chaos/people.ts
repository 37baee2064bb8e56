import { randomUUID } from 'node:crypto';
import { call, wants } from '../runs/model-plans.js';
import type { Dice } from '../simulation/dice.js';
import { eventually, within } from '../world/eventually.js';
import type { World } from '../world/world.js';

const tools = ['deploy', 'deploy_again', 'deploy_asking'] as const;
const longestMs = 1_200;
/** Whoever has no answer by then asks again. */
const patienceMs = 20_000;

/** Those who use the system meanwhile: they try again what does not work, as people do, and remember what was confirmed. */
export class People {
  readonly started = new Set<string>();
  readonly decided = new Map<string, 'approved' | 'rejected'>();
  readonly allowedAgain = new Set<string>();
  #reviving: Promise<void> | undefined;

  constructor(
    private readonly world: World,
    private readonly dice: Dice,
    private readonly say: (line: string) => void,
  ) {}

  /** Does what a crash may interrupt; a supervisor starts what has died. */
  survive<T>(what: string, work: () => Promise<T>): Promise<T> {
    return eventually(
      what,
      async () => {
        try {
          return await within(patienceMs, what, work());
        } catch (error) {
          this.say(`${what}: ${String(error)}`);
          await (this.#reviving ??= this.world.stack.start().finally(() => (this.#reviving = undefined)));
          throw error;
        }
      },
      { ms: 120_000, every: 200 },
    ) as Promise<T>;
  }

  /** A run whose model wants some calls, and perhaps others once it has heard of them. */
  async startRun(): Promise<void> {
    const { dice, world } = this;
    const calls = () =>
      Array.from({ length: 1 + dice.below(3) }, () => {
        const tool = dice.pick(tools)!;
        return call(tool, { name: tool, takes: String(dice.below(longestMs)) });
      });
    const turns = Array.from({ length: 1 + dice.below(2) }, () => wants(...calls()));
    const input = world.plans.plan('deploy', ...turns);
    const key = randomUUID();
    const { run_id } = await this.survive('a run to be started', () => world.start(input, { key }));
    this.started.add(run_id);
  }

  /** Decides on what is pending; some is left for later. */
  async decide(later = 0.2): Promise<void> {
    const { dice, world } = this;
    const { data } = await this.survive('approvals to be listed', () =>
      world.client.approvals.list({ status: 'pending', limit: 100 }),
    );
    const wanted = data.filter(() => dice.next() >= later);
    const decisions = wanted.map(({ id }) => ({ id, verdict: dice.oneIn(8) ? 'rejected' : 'approved' }) as const);
    await Promise.all(decisions.map(({ id, verdict }) => this.#resolve(id, verdict)));
  }

  /** The answer to the first try may be lost; an approval that was made void meanwhile is not decided. */
  async #resolve(id: string, verdict: 'approved' | 'rejected'): Promise<void> {
    const { world } = this;
    const status = await this.survive('a decision', async () => {
      const before = (await world.client.approvals.get(id)).status;
      return before === 'pending' ? (await world.client.resolve(id, verdict, 'ada')).status : before;
    });
    if (status === 'approved' || status === 'rejected') this.decided.set(id, status);
  }

  /** Settles what is unknown by what the target says, or has it made once more. */
  async settle(): Promise<void> {
    const { dice, world } = this;
    const { data } = await this.survive('executions to be listed', () =>
      world.client.executions.list({ status: 'outcome_unknown', limit: 100 }),
    );
    for (const { id } of data) {
      const wasMade = world.startsOf({ id }).length > 0;
      const again = !wasMade && dice.oneIn(2);
      if (again) this.allowedAgain.add(id);
      await this.survive('an outcome to be settled', async () => {
        if ((await world.client.executions.get(id)).status !== 'outcome_unknown') return true;
        return again
          ? world.client.executions.retry(id, { note: 'The ledger says no.', even_if_done: true })
          : world.client.settle(id, wasMade ? 'succeeded' : 'failed', 'The ledger says so.');
      });
    }
  }

  async cancelOne(): Promise<void> {
    const run_id = this.dice.pick([...this.started].slice(-5));
    if (run_id === undefined) return;
    await this.survive('a run to be cancelled', async () => {
      const { status } = await this.world.client.runs.get(run_id);
      if (['COMPLETED', 'CANCELLED', 'ERROR'].includes(status)) return true;
      return this.world.client.cancelRun(run_id, 'not needed', 'worker');
    });
  }
}
