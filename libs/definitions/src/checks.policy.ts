import { duplicates, sound, valueIn } from './checks.entries.js';
import { checkAutomatic, checkCondition } from './checks.condition.js';
import { checkPolicyTests } from './checks.policy-tests.js';
import { checkRequire } from './checks.require.js';
import { Groups, Rule, Then } from './policy.file.js';
import type { Path, Problem } from './source.js';

/** What is wrong with who approves what, beyond its shape. */
export function policyProblems(file: unknown): Problem[] {
  const groups = groupsOf(file);
  return [
    ...Object.entries(groups).flatMap(([group, members]) => checkMembers(members, ['groups', group])),
    ...['policies', 'shadow'].flatMap((set) => checkPolicies(file, set, groups)),
    ...checkPolicyTests(file),
  ];
}

function checkPolicies(file: unknown, set: string, groups: Groups): Problem[] {
  const rules = sound(file, [set, 'rules'], Rule);
  const other = Then.safeParse(valueIn(file, [set, 'default']));
  return [
    ...duplicates(file, [set, 'rules'], 'name'),
    ...rules.flatMap(([path, { when, then }]) => [
      ...checkCondition(when, [...path, 'when'], file),
      ...('approve' in then ? checkAutomatic(when, [...path, 'when'], file) : []),
      ...checkThen(then, [...path, 'then'], groups),
    ]),
    ...(other.success ? checkThen(other.data, [set, 'default'], groups) : []),
  ];
}

const checkThen = (then: Then, path: Path, groups: Groups): Problem[] =>
  'require' in then ? checkRequire(then.require, [...path, 'require'], groups) : [];

const checkMembers = (members: Groups[string], path: Path): Problem[] =>
  members === 'from_token'
    ? []
    : members.flatMap((member, n) => {
        if (members.indexOf(member) === n) return [];
        return [{ path: [...path, n], message: `${member} is listed twice: remove one` }];
      });

/** Of a group with the wrong shape nothing is known but that it is there. */
function groupsOf(file: unknown): Groups {
  const declared = valueIn(file, ['groups']);
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) return {};
  return Object.fromEntries(
    Object.entries(declared).map(([group, members]) => {
      const parsed = Groups.safeParse({ [group]: members });
      return [group, parsed.data?.[group] ?? 'from_token'];
    }),
  );
}
