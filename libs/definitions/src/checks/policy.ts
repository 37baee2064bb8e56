import { Subject } from '@countersign/contracts/auth';
import { duplicates, sound, valueIn } from './entries.js';
import { checkAutomatic, checkCondition } from './condition.js';
import { checkPolicyTests } from './policy-tests.js';
import { checkRequire } from './require.js';
import { checkSatisfiable } from './satisfiable.js';
import { Groups, Rule, Then, type Require } from '../policy/rules.js';
import type { Path, Problem } from '../load/source.js';

/** What is wrong with who approves what, beyond its shape. */
export function policyProblems(file: unknown): Problem[] {
  const groups = groupsOf(file);
  return [
    ...sameGroups(file),
    ...declaredGroups(file).flatMap(([name, , members]) => checkMembers(members, ['groups', name])),
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
      ...('require' in then ? checkSatisfiable(when, then.require, [...path, 'when'], { file, groups }) : []),
      ...checkThen(then, [...path, 'then'], { file, groups }),
    ]),
    ...(other.success ? checkThen(other.data, [set, 'default'], { file, groups }) : []),
  ];
}

const checkThen = (then: Then, path: Path, { file, groups }: { file: unknown; groups: Groups }): Problem[] =>
  'require' in then
    ? [
        ...checkRequire(then.require, [...path, 'require'], groups),
        ...checkAlarm(then.require, [...path, 'require'], file),
      ]
    : [];

/** Nobody breaks glass where nobody would hear it. */
function checkAlarm({ break_glass }: Require, path: Path, file: unknown): Problem[] {
  const channels = valueIn(file, ['channels']);
  // One of some agents alone does not hear of the others, and of browsers there may be none.
  const isForAll = (channel: unknown) =>
    valueIn(channel, ['agents']) === undefined && valueIn(channel, ['web_push']) === undefined;
  if (break_glass === undefined || (Array.isArray(channels) && channels.some(isForAll))) return [];
  const message = 'raises an alarm, and there is no channel for it: declare one under channels';
  return [{ path: [...path, 'break_glass'], message }];
}

const checkMembers = (members: Groups[string], path: Path): Problem[] =>
  members === 'from_token'
    ? []
    : members.flatMap((member, n) => {
        if (members.indexOf(member) === n) return [];
        return [{ path: [...path, n], message: `${member} is listed twice: remove one` }];
      });

/** Names that are one in the spelling that is compared. */
function sameGroups(file: unknown): Problem[] {
  const declared = declaredGroups(file);
  return declared.flatMap(([name, group], n) => {
    const first = declared.findIndex((each) => each[1] === group);
    if (first === n) return [];
    return [{ path: ['groups', name], message: `is the same group as ${declared[first]![0]}: make it one` }];
  });
}

const groupsOf = (file: unknown): Groups =>
  Object.fromEntries(declaredGroups(file).map(([, group, members]) => [group, members]));

/** Each group as it is written, as it is compared, and its members. Of one with the wrong shape no more is known. */
function declaredGroups(file: unknown): [name: string, group: string, members: Groups[string]][] {
  const declared = valueIn(file, ['groups']);
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) return [];
  return Object.entries(declared).map(([name, members]) => {
    const [group, known] = Object.entries(Groups.safeParse({ [name]: members }).data ?? {})[0] ?? [];
    return [name, group ?? Subject.safeParse(name).data ?? name, known ?? 'from_token'];
  });
}
