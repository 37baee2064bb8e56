import { z } from 'zod';

export const Role = z.enum(['viewer', 'requester', 'approver', 'admin']);
export type Role = z.infer<typeof Role>;

export const Scope = z.enum([
  'approvals:read',
  'approvals:write',
  'approvals:delete',
  'runs:read',
  'runs:write',
  'executions:read',
  'executions:write',
  'events:read',
  'events:write',
  'metrics:read',
  'keys:write',
]);
export type Scope = z.infer<typeof Scope>;

/** Who somebody is, however that was found out. */
export interface Identity {
  subject: string;
  roles: Role[];
  groups: string[];
}

/** Who makes a request, and what that allows. */
export interface Principal extends Identity {
  scopes: ReadonlySet<Scope>;
  /** What it was recognised by. */
  via: 'key' | 'jwt' | 'session';
}

const reading = Scope.options.filter((scope) => scope.endsWith(':read'));

const scopesByRole: Record<Role, readonly Scope[]> = {
  viewer: reading,
  requester: ['runs:read', 'runs:write', 'approvals:read', 'executions:read'],
  approver: [...reading, 'approvals:write'],
  admin: Scope.options,
};

/** Several roles allow what any of them allows. */
export const scopesOf = (roles: readonly Role[]): ReadonlySet<Scope> =>
  new Set(roles.flatMap((role) => scopesByRole[role]));

export const principalOf = ({ subject, roles, groups }: Identity, via: Principal['via']): Principal => ({
  subject,
  roles,
  groups,
  scopes: scopesOf(roles),
  via,
});

/** Whether lists and records are to be narrowed to those of this subject: nothing but `requester` lets it see any. */
export const seesOnlyOwn = ({ roles }: Pick<Principal, 'roles'>): boolean =>
  roles.every((role) => role === 'requester');
