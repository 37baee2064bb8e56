import type { NewEvent } from '@countersign/contracts';
import type { Execution } from '@countersign/contracts/executions';
import { OwnKeys } from '@countersign/signing';
import { isResult, resultClaimsOf, signResult, signStart } from '@countersign/signing/results';

/** Signs the starts and outcomes of calls: a run verifies that an outcome is the executor's, an auditor both. */
export class ResultSigner extends OwnKeys {
  /** Puts the signature into the events of a commit that say that a call began, or what came of it. */
  readonly sign = async (state: Execution, events: readonly NewEvent[]) => ({
    state,
    events: await Promise.all(events.map((event) => this.#sign(event))),
  });

  async #sign(event: NewEvent): Promise<NewEvent> {
    const signature = await this.#signatureOf(event);
    return signature === undefined ? event : ({ ...event, data: { ...event.data, signature } } as NewEvent);
  }

  async #signatureOf(event: NewEvent): Promise<string | undefined> {
    if (event.type === 'tool.execution_started') return signStart(this.ring.signingKey, event.data);
    return isResult(event) ? signResult(this.ring.signingKey, resultClaimsOf(event)) : undefined;
  }
}
