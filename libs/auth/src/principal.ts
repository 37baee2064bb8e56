import { canonicalSubject, Scope, Subject, type Role } from '@countersign/contracts/auth';
import type { EpochSeconds } from '@countersign/contracts/time';

/** An identity, by whatever credential. */
export interface Identity {
  subject: string;
  /** The subject as it was written where it came from, to be shown and never compared. Unset: as it is compared. */
  display_name?: string | null | undefined;
  roles: Role[];
  groups: string[];
}

/** The credential, so that it can be checked again. */
export interface Credential {
  /** `channel`: the file of definitions says who a user of a chat is. */
  via: 'key' | 'jwt' | 'session' | 'channel';
  /** Of the key or the session; of a provider's token its issuer; null for what cannot be looked up. */
  id: string | null;
  /** Of the key that a session was begun with, and ends with. */
  key_id: string | null;
  /** When it is over in any case, in seconds; null for never. */
  expires_at: EpochSeconds | null;
}

/** Who makes a request, and what that allows. */
export interface Principal extends Identity {
  display_name: string;
  scopes: ReadonlySet<Scope>;
  credential: Credential;
  /** Where the request came from; unset where it came by a message, or through a channel. */
  address?: string | undefined;
}

const reading = Scope.options.filter((scope) => scope.endsWith(':read'));

const scopesByRole: Record<Role, readonly Scope[]> = {
  viewer: reading,
  requester: ['runs:read', 'runs:write', 'approvals:read', 'executions:read'],
  approver: [...reading, 'approvals:write'],
  operator: [...reading, 'executions:write', 'events:write'],
  admin: Scope.options,
};

/** Several roles allow what any of them allows. */
export const scopesOf = (roles: readonly Role[]): ReadonlySet<Scope> =>
  new Set(roles.flatMap((role) => scopesByRole[role]));

/**
 * Everybody who makes a request or sends a command passes here, and has one spelling from then on. Groups without a
 * possible name are left out: no rule can name them either.
 *
 * @throws InvalidSubject
 */
export const principalOf = (
  { subject, display_name, roles, groups }: Identity,
  via: Credential['via'],
  credential: Partial<Omit<Credential, 'via'>> = {},
): Principal => ({
  subject: canonicalSubject(subject),
  display_name: display_name ?? subject,
  roles,
  groups: groups.flatMap((group) => Subject.safeParse(group).data ?? []),
  scopes: scopesOf(roles),
  credential: { id: null, key_id: null, expires_at: null, ...credential, via },
});

/** Whether lists and records are to be narrowed to those of this subject: nothing but `requester` lets it see any. */
export const seesOnlyOwn = ({ roles }: Pick<Principal, 'roles'>): boolean =>
  roles.every((role) => role === 'requester');

/**
 * Whether a principal may change what these people own: one of them may, and an administrator. What other roles someone
 * has lets them see more, and change no more.
 */
export const isOwner = ({ subject, roles }: Pick<Principal, 'subject' | 'roles'>, owners: readonly (string | null)[]) =>
  roles.includes('admin') || owners.includes(subject);
