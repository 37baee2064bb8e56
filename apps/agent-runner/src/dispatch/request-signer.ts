import type { EventData, NewEvent } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import type { Run } from '@countersign/contracts/runs';
import { after, atMillis, latest, toEpochMillis, type EpochMillis } from '@countersign/contracts/time';
import {
  isRunEnd,
  OwnKeys,
  requestClaimsOf,
  runEndClaimsOf,
  saltOf,
  signRequest,
  signRunEnd,
} from '@countersign/signing';

/** What comes again under a name of which nothing is known may have come first so long before. */
const repeatedForMs = 86_400_000;

/** Signs what the runner asks for, and what it says of the ends of runs, so that others can tell that it was a runner. */
export class RequestSigner extends OwnKeys {
  /** @param setBack why what a run began then may have been done since, by records that are lost */
  constructor(
    openRing: ConstructorParameters<typeof OwnKeys>[0],
    private readonly setBack: (began: EpochMillis) => EventData<'tool.approval_required'>['set_back'] = () => null,
  ) {
    super(openRing);
  }

  /** Puts signatures into the events of a commit that others act on. */
  readonly sign = async (state: Run, events: readonly NewEvent[]) => ({
    state,
    events: await Promise.all(events.map((event) => this.#sign(event, state))),
  });

  async #sign(event: NewEvent, { updated_at: at, set_back_at }: Run): Promise<NewEvent> {
    const key = this.ring.signingKey;
    if (event.type === 'tool.approval_required') {
      const { run_began_at } = event.data;
      const began = toEpochMillis(run_began_at ?? at);
      const set_back = this.setBack(set_back_at === null ? began : latest(atMillis(0), after(began, -repeatedForMs)));
      const data = await this.#salted({ ...event.data, set_back });
      return { ...event, data: { ...data, signature: await signRequest(key, requestClaimsOf(data, at)) } };
    }
    if (!isRunEnd(event)) return event;
    const signature = await signRunEnd(key, runEndClaimsOf(event, at));
    return { ...event, data: { ...event.data, signature } } as NewEvent;
  }

  /** The digest is seen by more people than redacted arguments are, and must not tell them. */
  async #salted(request: EventData<'tool.approval_required'>): Promise<EventData<'tool.approval_required'>> {
    if (request.requirement.tool_execution.redact.length === 0) return request;
    const salt = await saltOf(this.ring.signingKey, request.approval_id);
    return { ...request, salt, digest: callDigest({ ...request, salt }) };
  }
}
