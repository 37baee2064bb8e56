import type { EventData, NewEvent } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { after, type Seconds } from '@countersign/contracts/time';
import { defaultActWithin } from '@countersign/definitions';
import { signPreviewRequest } from '@countersign/signing/previews';
import { decisionDetailsDigest, OwnKeys, resultDigest, signDecision, type DecisionClaims } from '@countersign/signing';

/** Signs resolutions, so that whoever acts on one can tell that it is this service's, and for exactly this call. */
export class Signer extends OwnKeys {
  /** @param actWithin how long a decision on a call of a tool can be acted on */
  constructor(
    openRing: ConstructorParameters<typeof OwnKeys>[0],
    private readonly actWithin: (tool_name: string) => Seconds = () => defaultActWithin,
  ) {
    super(openRing);
  }

  /** Puts the signature into the record and into `approval.resolved`, of the commit that resolves. */
  readonly sign = async (approval: Approval, unsigned: readonly NewEvent[]) => {
    const events = await this.#withRequests(unsigned);
    const resolved = events.find((event) => event.type === 'approval.resolved');
    if (!resolved) return { state: approval, events };
    const signature = await signDecision(this.ring.signingKey, this.#claimsOf(approval, resolved.data));
    const sealed = { ...resolved, data: { ...resolved.data, signature } };
    return {
      state: { ...approval, signature },
      events: events.map((event) => (event === resolved ? sealed : event)),
    };
  };

  async #withRequests(events: readonly NewEvent[]): Promise<readonly NewEvent[]> {
    const request = events.find((event) => event.type === 'approval.preview_asked');
    if (!request) return events;
    const signature = await signPreviewRequest(this.ring.signingKey, request.data);
    const sealed = { ...request, data: { ...request.data, signature } };
    return events.map((event) => (event === request ? sealed : event));
  }

  #claimsOf({ required_approvals, terms, granted }: Approval, data: EventData<'approval.resolved'>): DecisionClaims {
    const { approval_id, run_id, tool_call_id, tool_name, digest, status, pause_type, automatic, basis } = data;
    const { resolved_at, policy_version, decisions, resolution_data, requester, requested_by } = data;
    const { tool_version, break_glass, run_began_at } = data;
    const result = resolution_data?.result;
    return {
      approval_id,
      run_id,
      tool_call_id,
      tool_name,
      digest,
      status,
      pause_type,
      automatic,
      basis,
      four_eyes: terms.four_eyes,
      grant: basis === 'grant' ? granted : null,
      requester,
      requested_by,
      deciders: decisions.map(({ by, verdict, at, on_behalf_of }) => ({
        by,
        verdict,
        at,
        ...(on_behalf_of !== null && { on_behalf_of }),
      })),
      required_approvals,
      resolved_at,
      // A rejection is published however late.
      act_by: status === 'approved' ? after(resolved_at, this.actWithin(tool_name)) : null,
      policy_version,
      tool_version,
      details_digest: decisionDetailsDigest(data),
      ...(break_glass && { break_glass: { by: break_glass.by, at: break_glass.at, group: break_glass.group } }),
      ...(run_began_at !== null && { run_began_at }),
      ...(result !== undefined && { result_digest: resultDigest(result) }),
    };
  }
}
