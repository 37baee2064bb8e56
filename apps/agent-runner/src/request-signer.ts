import type { NewEvent, Run } from '@countersign/contracts';
import { isRunEnd, OwnKeys, requestClaimsOf, runEndClaimsOf, signRequest, signRunEnd } from '@countersign/signing';

/** Signs what the runner asks for, and what it says of the ends of runs, so that others can tell that it was a runner. */
export class RequestSigner extends OwnKeys {
  /** Puts signatures into the events of a commit that others act on. */
  readonly seal = async (state: Run, events: readonly NewEvent[]) => ({
    state,
    events: await Promise.all(events.map((event) => this.#sign(event, state.updated_at))),
  });

  async #sign(event: NewEvent, at: number): Promise<NewEvent> {
    const signature = await this.#signatureOf(event, at);
    return signature === undefined ? event : ({ ...event, data: { ...event.data, signature } } as NewEvent);
  }

  async #signatureOf(event: NewEvent, at: number): Promise<string | undefined> {
    const key = this.ring.signingKey;
    if (event.type === 'tool.approval_required') return signRequest(key, requestClaimsOf(event.data, at));
    return isRunEnd(event) ? signRunEnd(key, runEndClaimsOf(event, at)) : undefined;
  }
}
