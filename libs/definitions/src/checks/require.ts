import type { Groups, Require } from '../policy/rules.js';
import { lackingForGood } from '../policy/quorum/quorum.js';
import { termsOf } from '../policy/require.js';
import type { Path, Problem } from '../load/source.js';

/** What cannot be met, or says nothing, in what a call needs before it is approved. */
export const checkRequire = (require: Require, path: Path, groups: Groups): Problem[] => [
  ...checkGroups(require, path, groups),
  ...checkKinds(require, path),
  ...checkTimes(require, path),
];

function checkGroups(require: Require, path: Path, groups: Groups): Problem[] {
  const { approvers, escalate, break_glass = [], deputies = [] } = require;
  const named = approvers.map(({ group }) => group);
  const unknown = [
    ...named.map((group, n) => [group, ['approvers', n, 'group']] as const),
    ...(escalate?.to ?? []).map((group, n) => [group, ['escalate', 'to', n]] as const),
    ...break_glass.map((group, n) => [group, ['break_glass', n]] as const),
    ...deputies.map((group, n) => [group, ['deputies', n]] as const),
  ].flatMap(([group, at]) =>
    group === null || Object.hasOwn(groups, group)
      ? []
      : [{ path: [...path, ...at], message: `there is no group "${group}": declare it under groups` }],
  );
  const twice = named.flatMap((group, n) => {
    const message = `${group ?? 'anyone'} is listed twice: make it one, with the count of both`;
    return named.indexOf(group) < n ? [{ path: [...path, 'approvers', n], message }] : [];
  });
  const problems = [...unknown, ...twice];
  return problems.length > 0 ? problems : checkCounts(require, path, groups);
}

function checkCounts(require: Require, path: Path, groups: Groups): Problem[] {
  const tooMany = require.approvers.flatMap(({ group, count }, n) => {
    const members = group === null ? undefined : groups[group];
    if (!Array.isArray(members) || count <= members.length) return [];
    const message = `requires ${count} of ${group}, which has ${members.length} member(s)`;
    return [{ path: [...path, 'approvers', n, 'count'], message }];
  });
  if (tooMany.length > 0) return tooMany;
  const lack = lackingForGood({ ...termsOf(require, groups), escalate_after: null });
  const message = `can never be met, since each person counts once: it lacks ${lack.map(({ group, count }) => `${count} of ${group}`).join(' and ')}`;
  return lack.length > 0 ? [{ path: [...path, 'approvers'], message }] : [];
}

function checkKinds({ allow, reason }: Require, path: Path): Problem[] {
  const at = (field: string, message: string) => ({ path: [...path, field], message });
  const problems: Problem[] = [];
  if (!allow.includes('approve'))
    problems.push(at('allow', 'allows no approval: add approve; edit, values, result and grant only extend it'));
  if (reason.includes('reject') && !allow.includes('reject'))
    problems.push(at('reason', 'is required with reject, which allow does not include'));
  return problems;
}

function checkTimes({ expires_in, remind_after, escalate }: Require, path: Path): Problem[] {
  const tooLate = (after: number | undefined, at: Path, what: string): Problem[] =>
    after !== undefined && expires_in !== null && after >= expires_in
      ? [{ path: [...path, ...at], message: `${what} when it has expired: make it less than expires_in` }]
      : [];
  return [
    ...tooLate(remind_after, ['remind_after'], 'reminds'),
    ...tooLate(escalate?.after, ['escalate', 'after'], 'escalates'),
  ];
}
