import type { NewEvent } from '@countersign/contracts';
import type { Execution } from '@countersign/contracts/executions';
import { isResult, OwnKeys, resultClaimsOf, signResult } from '@countersign/signing';

/** Signs the outcomes of calls, so that a run can verify that they are the executor's. */
export class ResultSigner extends OwnKeys {
  /** Puts the signature into the events of a commit that say what came of a call. */
  readonly sign = async (state: Execution, events: readonly NewEvent[]) => ({
    state,
    events: await Promise.all(events.map((event) => this.#sign(event))),
  });

  async #sign(event: NewEvent): Promise<NewEvent> {
    if (!isResult(event)) return event;
    const signature = await signResult(this.ring.signingKey, resultClaimsOf(event));
    return { ...event, data: { ...event.data, signature } } as NewEvent;
  }
}
