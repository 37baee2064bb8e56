import type { Millis } from '@countersign/contracts/time';
import { randomUUID } from 'node:crypto';
import type { CommandResult } from '../commands/command-handler.js';
import type { Permit } from './work-pool.js';

/** Says that a worker takes a record on, for as long as it extends its lease. */
export interface Claim {
  type: 'claimed';
  worker: string;
  lease_ms: Millis;
}

interface Leased {
  lease: { worker: string } | null;
  queue_owner?: string;
}

/** Claims records that are due. Each claim is a worker of its own, so that what an earlier one still says is refused. */
export class Claims {
  readonly #instance = randomUUID();
  #count = 0;

  constructor(private readonly leaseMs: Millis) {}

  /**
   * Claims a record with a permit: whoever gets it works under the permit, which is released otherwise.
   *
   * @param execute has the record decide on the claim.
   * @param work is done on the record as it was claimed, under the name of the claim.
   */
  async claim<R extends Leased, C extends string>(
    permit: Permit,
    execute: (claim: Claim) => Promise<CommandResult<R, C>>,
    work: (claimed: R, worker: string, stopping: AbortSignal) => Promise<void>,
  ): Promise<CommandResult<R, C>> {
    const worker = `${this.#instance}/${++this.#count}`;
    try {
      const handled = await execute({ type: 'claimed', worker, lease_ms: this.leaseMs });
      if (handled.kind === 'changed' && handled.state.lease?.worker === worker)
        permit.start((stopping) => work(handled.state, worker, stopping), handled.state.queue_owner);
      else permit.release();
      return handled;
    } catch (error) {
      permit.release();
      throw error;
    }
  }
}
