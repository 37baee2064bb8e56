import { describe, expect, it } from 'vitest';
import { principalOf, Role, Scope, scopesOf, seesOnlyOwn } from './principal.js';

const yes = true;
const no = false;

describe('what a role allows', () => {
  const matrix: Record<Scope, Record<Role, boolean>> = {
    'approvals:read': { viewer: yes, requester: yes, approver: yes, admin: yes },
    'approvals:write': { viewer: no, requester: no, approver: yes, admin: yes },
    'approvals:delete': { viewer: no, requester: no, approver: no, admin: yes },
    'runs:read': { viewer: yes, requester: yes, approver: yes, admin: yes },
    'runs:write': { viewer: no, requester: yes, approver: no, admin: yes },
    'executions:read': { viewer: yes, requester: yes, approver: yes, admin: yes },
    'executions:write': { viewer: no, requester: no, approver: no, admin: yes },
    'events:read': { viewer: yes, requester: no, approver: yes, admin: yes },
    'events:write': { viewer: no, requester: no, approver: no, admin: yes },
    'metrics:read': { viewer: yes, requester: no, approver: yes, admin: yes },
    'keys:write': { viewer: no, requester: no, approver: no, admin: yes },
  };
  const cases = Scope.options.flatMap((scope) =>
    Role.options.map((role) => ({ role, scope, allowed: matrix[scope][role] })),
  );

  it.each(cases)('$role, $scope: $allowed', ({ role, scope, allowed }) => {
    expect(scopesOf([role]).has(scope)).toBe(allowed);
  });

  it('is nothing without a role, and with several what any of them allows', () => {
    expect([...scopesOf([])]).toEqual([]);
    const both = scopesOf(['requester', 'approver']);
    expect([both.has('runs:write'), both.has('approvals:write'), both.has('keys:write')]).toEqual([yes, yes, no]);
  });

  it.each([
    [['requester'], true],
    [['requester', 'viewer'], false],
    [['requester', 'approver'], false],
    [['admin'], false],
    [[], true],
  ] as const)('%s sees only its own: %s', (roles, own) => {
    expect(seesOnlyOwn(principalOf({ subject: 'ada', roles: [...roles], groups: [] }, 'key'))).toBe(own);
  });
});
