import { derivedId, type EventData } from '@countersign/contracts';
import type { Approval, GrantBasis } from '@countersign/contracts/approvals';
import { canonicalJson } from '@countersign/contracts/json';
import { toEpochMillis, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import type { Definitions } from '@countersign/definitions';
import type { CommandHandler, Store } from '@countersign/persistence';
import type { SetBack } from '@countersign/persistence/installation';
import { createHash, randomBytes } from 'node:crypto';
import { covers, grantIn, type GrantableCall } from './grant-coverage.js';
import { basisOf, type GrantMessage, type StoredGrant } from './grant.js';
import type { PolicyDecision } from '../approval/approval-request.js';

/** Grants of one tool of one agent that are looked through. */
const mostGrants = 1_000;

export interface GrantsOptions {
  grants: CommandHandler<StoredGrant, GrantMessage>;
  approvals: Pick<Store<Approval>, 'get'>;
  /** Those in force. */
  definitions(): Pick<Definitions, 'tools' | 'mcp_servers'>;
  /** Why a grant of that time may have been used up or revoked since, by records that are lost. */
  setBack(created: EpochMillis): SetBack | null;
  now(): EpochMillis;
}

type RequestedTool = Pick<Approval, 'tool_name' | 'tool_version' | 'parameters' | 'pause_type'>;

/** Finds the grant that lets a call through, and counts its use; makes grants of approvals that give one. */
export class Grants {
  constructor(private readonly options: GrantsOptions) {}

  /**
   * Takes a use of a grant that covers the call, if there is one. It is taken before the approval is stored, and never
   * returned: when in doubt it is used.
   */
  async use(
    request: EventData<'tool.approval_required'>,
    { policy, presentation, terms }: PolicyDecision,
  ): Promise<GrantBasis | null> {
    // What a person is to fill in, no grant fills in.
    if (policy?.outcome !== 'require' || request.pause_type === 'user_input') return null;
    if (!terms.allowed_decisions.includes('grant') || request.requested_by === null) return null;
    const call = { ...request, presentation, terms, tool_version: this.#versionOf(request) };
    const candidates = await this.#covering(call);
    // A redelivery would take a use of a grant that was created meanwhile.
    if (candidates.length === 0 || (await this.options.approvals.get(request.approval_id))) return null;
    for (const { id } of candidates) {
      const { kind, state } = await this.options.grants.execute(id, { type: 'used', approval_id: request.approval_id });
      if (kind !== 'rejected') return basisOf(state!);
    }
    return null;
  }

  /** The stored approval decides whether a grant comes with it, not the event: any producer on the topic could have forged that. */
  async give(approval: Approval): Promise<void> {
    if (!approval.resolution_data?.grant || approval.break_glass) return;
    const id = derivedId('grant', approval.id);
    const salt = randomBytes(32).toString('base64url');
    const grant = grantIn(approval, id, salt, this.#versionOf(approval));
    if (grant) await this.options.grants.execute(id, { type: 'created', grant }, { creates: true });
  }

  async #covering(call: GrantableCall): Promise<StoredGrant[]> {
    const { grants, now, setBack } = this.options;
    const at = toEpochSeconds(now());
    const found = await grants.store.find({
      filter: { agent_id: call.agent_id, tool_name: call.tool_name, expires_at: { gt: at } },
      sort: [['expires_at', 'desc']],
      limit: mostGrants,
    });
    return found.filter((grant) => setBack(toEpochMillis(grant.created_at)) === null && covers(grant, call, at));
  }

  /**
   * What the tool is: as the file declares it, and as the run says that it asks. The file may be another one by the time
   * that a grant is made of what was requested, so the requested definition counts besides.
   */
  #versionOf({ tool_name, tool_version, parameters, pause_type }: RequestedTool): string {
    const { tools, mcp_servers } = this.options.definitions();
    const server = mcp_servers.find(({ name }) => tool_name.startsWith(`${name}__`));
    const declared = tools.find(({ name }) => name === tool_name) ?? server ?? null;
    return createHash('sha256').update(canonicalJson({ declared, tool_version, parameters, pause_type })).digest('hex');
  }
}
