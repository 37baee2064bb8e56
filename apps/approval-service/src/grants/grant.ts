import { emit } from '@countersign/contracts';
import { Grant, type GrantBasis } from '@countersign/contracts/approvals';
import { toEpochSeconds, type EpochMillis, type EpochSeconds } from '@countersign/contracts/time';
import { approvalsOf } from '@countersign/definitions/policy';
import { changed, ignored, rejected, type Transition } from '@countersign/persistence';

/**
 * A standing grant: the same agent may call the same tool with the same arguments, until a deadline and so many times,
 * without asking. It comes from an approval, is listed, and can be revoked at any time.
 */
export type GrantMessage =
  | { type: 'created'; grant: NewGrant }
  /** A call is about to be let through: the use counts from here on, whatever becomes of the call. */
  | { type: 'used'; approval_id: string }
  | { type: 'revoked'; by: string | null };

/** As it is stored: values are in it as a digest alone, so that redacted ones cannot be read. */
export interface StoredGrant extends Grant {
  /** Of these arguments the digest is; of a grant that is exact, all that a call has. */
  names: string[];
  salt: string;
  digest: string;
  /** Digest of the tool as it was declared: another tool of the same name is not what was granted. */
  tool_version: string;
}

export type NewGrant = Omit<
  StoredGrant,
  'uses' | 'revoked_at' | 'revoked_by' | 'version' | 'due_at' | 'created_at' | 'updated_at'
>;

export function decideGrant(
  grant: StoredGrant | undefined,
  message: GrantMessage,
  now: EpochMillis,
): Transition<StoredGrant> {
  const at = toEpochSeconds(now);
  if (message.type === 'created') return grant ? ignored('the grant exists') : create(message.grant, at);
  if (!grant) return rejected('grant_not_found', 'there is no such grant');
  return message.type === 'used' ? use(grant, message.approval_id, at) : revoke(grant, message.by, at);
}

function create(wanted: NewGrant, at: EpochSeconds): Transition<StoredGrant> {
  const grant: StoredGrant = {
    ...wanted,
    revoked_at: null,
    revoked_by: null,
    uses: [],
    version: 0,
    due_at: null,
    created_at: at,
    updated_at: at,
  };
  const { run_id, id, agent_id, tool_name, created_by, expires_at } = grant;
  return changed(
    grant,
    emit('approval.grant_created', { run_id, grant_id: id, agent_id, tool_name, by: created_by, expires_at }),
  );
}

/** Of calls at the same time as many get through as there are uses left: each is a write of its own. */
function use(grant: StoredGrant, approval_id: string, at: EpochSeconds): Transition<StoredGrant> {
  if (isUsedBy(grant, approval_id)) return ignored('this use is known');
  if (!isActive(grant, at)) return rejected('grant_over', 'it holds no longer');
  if (grant.uses.length >= grant.max_uses) return rejected('grant_used_up', 'it is used up');
  return changed({ ...grant, uses: [...grant.uses, { approval_id, at }], updated_at: at });
}

function revoke(grant: StoredGrant, by: string | null, at: EpochSeconds): Transition<StoredGrant> {
  if (grant.revoked_at !== null) return ignored('it is revoked');
  const revoked = { ...grant, revoked_at: at, revoked_by: by, updated_at: at };
  return changed(revoked, emit('approval.grant_revoked', { run_id: grant.run_id, grant_id: grant.id, by }));
}

/** @param at seconds since the epoch */
export const isActive = ({ revoked_at, expires_at }: Grant, at: EpochSeconds): boolean =>
  revoked_at === null && expires_at > at;

export const isUsedBy = ({ uses }: Grant, approvalId: string): boolean =>
  uses.some(({ approval_id }) => approval_id === approvalId);

export const basisOf = ({ id, given_by, terms, expires_at }: StoredGrant): GrantBasis => ({
  id,
  given_by,
  required_approvals: approvalsOf(terms),
  expires_at,
});

/** As others see it. */
export const shown = (stored: StoredGrant): Grant => Grant.parse(stored);
