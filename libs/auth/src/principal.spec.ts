import { Role, Scope } from '@countersign/contracts/auth';
import { describe, expect, it } from 'vitest';
import { isOwner, principalOf, scopesOf, seesOnlyOwn } from './principal.js';

const yes = true;
const no = false;

describe('what a role allows', () => {
  const matrix: Record<Scope, Record<Role, boolean>> = {
    'approvals:read': { viewer: yes, requester: yes, approver: yes, operator: yes, admin: yes },
    'approvals:write': { viewer: no, requester: no, approver: yes, operator: no, admin: yes },
    'approvals:delete': { viewer: no, requester: no, approver: no, operator: no, admin: yes },
    'runs:read': { viewer: yes, requester: yes, approver: yes, operator: yes, admin: yes },
    'runs:write': { viewer: no, requester: yes, approver: no, operator: no, admin: yes },
    'executions:read': { viewer: yes, requester: yes, approver: yes, operator: yes, admin: yes },
    'executions:write': { viewer: no, requester: no, approver: no, operator: yes, admin: yes },
    'events:read': { viewer: yes, requester: no, approver: yes, operator: yes, admin: yes },
    'events:write': { viewer: no, requester: no, approver: no, operator: yes, admin: yes },
    'audit:write': { viewer: no, requester: no, approver: no, operator: no, admin: yes },
    'audit:read': { viewer: yes, requester: no, approver: yes, operator: yes, admin: yes },
    'metrics:read': { viewer: yes, requester: no, approver: yes, operator: yes, admin: yes },
    'keys:write': { viewer: no, requester: no, approver: no, operator: no, admin: yes },
    'backups:write': { viewer: no, requester: no, approver: no, operator: no, admin: yes },
    'config:write': { viewer: no, requester: no, approver: no, operator: no, admin: yes },
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

  it.each([
    ['ada', ['requester'], true],
    ['bob', ['requester'], false],
    ['bob', ['approver', 'requester'], false],
    ['bob', ['operator', 'requester'], false],
    ['bob', ['admin'], true],
    ['Ada ', ['approver', 'requester'], true],
  ] as const)('%s as %s may change what is ada’s: %s', (subject, roles, may) => {
    expect(isOwner(principalOf({ subject, roles: [...roles], groups: [] }, 'key'), ['ada', null])).toBe(may);
  });
});

describe('who somebody is', () => {
  it('has one spelling, groups too, and keeps the one that was given for show', () => {
    expect(principalOf({ subject: 'Ada@Example.com ', roles: [], groups: ['Ops', '\u200B'] }, 'key')).toMatchObject({
      subject: 'ada@example.com',
      display_name: 'Ada@Example.com ',
      groups: ['ops'],
    });
  });
});
