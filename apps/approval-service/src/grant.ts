import { canonicalJson, emit, type Grant } from '@countersign/contracts';
import { changed, ignored, rejected, type Transition } from '@countersign/persistence';

/**
 * A standing grant: the same agent may call the same tool with matching arguments, until a deadline, without asking.
 * It comes from an approval, is listed, and can be revoked at any time.
 */
export type GrantMessage =
  | { type: 'created'; grant: NewGrant }
  | { type: 'used'; approval_id: string }
  | { type: 'revoked'; by: string | null };

export type NewGrant = Pick<
  Grant,
  'id' | 'run_id' | 'approval_id' | 'agent_id' | 'tool_name' | 'arguments' | 'created_by' | 'traceparent'
> & { expires_in: number };

/** Uses that a grant remembers; the approvals it decided name it too. */
const mostUses = 100;

export function decideGrant(grant: Grant | undefined, message: GrantMessage, now: number): Transition<Grant> {
  const at = Math.floor(now / 1000);
  if (message.type === 'created') return grant ? ignored('the grant exists') : create(message.grant, at);
  if (!grant) return rejected('there is no such grant');
  return message.type === 'used' ? use(grant, message.approval_id, at) : revoke(grant, message.by, at);
}

function create({ expires_in, ...asked }: NewGrant, at: number): Transition<Grant> {
  const grant: Grant = {
    ...asked,
    expires_at: at + expires_in,
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

function use(grant: Grant, approval_id: string, at: number): Transition<Grant> {
  if (grant.uses.some((each) => each.approval_id === approval_id)) return ignored('this use is known');
  return changed({ ...grant, uses: [...grant.uses, { approval_id, at }].slice(-mostUses), updated_at: at });
}

function revoke(grant: Grant, by: string | null, at: number): Transition<Grant> {
  if (grant.revoked_at !== null) return ignored('it is revoked');
  const revoked = { ...grant, revoked_at: at, revoked_by: by, updated_at: at };
  return changed(revoked, emit('approval.grant_revoked', { run_id: grant.run_id, grant_id: grant.id, by }));
}

/** Whether the grant lets this call through, at this time in milliseconds. */
export function covers(
  grant: Grant,
  call: { agent_id: string; tool_name: string; tool_args: Record<string, unknown> },
  now: number,
): boolean {
  if (grant.revoked_at !== null || grant.expires_at * 1000 <= now) return false;
  if (grant.agent_id !== call.agent_id || grant.tool_name !== call.tool_name) return false;
  return Object.entries(grant.arguments).every(
    ([name, value]) => name in call.tool_args && canonicalJson(call.tool_args[name]) === canonicalJson(value),
  );
}
