import { sound } from './entries.js';
import { ToolEntry } from '../schema/file.js';
import type { Condition } from '../policy/condition/condition.js';
import type { Groups, Require } from '../policy/rules.js';
import { lackingForGood } from '../policy/quorum/quorum.js';
import { termsOf } from '../policy/require.js';
import type { Path, Problem } from '../load/source.js';
import { requirementOf } from '../load/tool-of-file.js';
import { userInputFields } from '../schema/user-input-fields.js';

/** Calls that a rule matches and that no one could ever approve by its terms. */
export const checkSatisfiable = (
  when: Condition,
  require: Require,
  path: Path,
  { file, groups }: { file: unknown; groups: Groups },
): Problem[] => [...checkRequesters(when, require, path, groups), ...checkFields(when, require, path, file)];

/** Whoever asks is out under four eyes, and a group whose members are listed may have too few without them. */
function checkRequesters({ requester = [] }: Condition, require: Require, path: Path, groups: Groups): Problem[] {
  const terms = termsOf(require, groups);
  if (!terms.four_eyes || lackingForGood(terms).length > 0) return [];
  return requester.flatMap((subject, n) => {
    const lack = lackingForGood(terms, (person) => person === subject);
    if (lack.length === 0) return [];
    const what = lack.map(({ group, count }) => `${count} of ${group}`).join(' and ');
    const message = `${subject} must not approve what they ask for (four_eyes), and without them it can never be met: it lacks ${what}`;
    return [{ path: [...path, 'requester', n], message }];
  });
}

/** A call with fields to fill in is approved with their values, or by what came of the work that was done by hand. */
function checkFields({ tool = [] }: Condition, { allow }: Require, path: Path, file: unknown): Problem[] {
  if (allow.includes('values') || allow.includes('result')) return [];
  const asking = sound(file, ['tools'], ToolEntry)
    .map(([, entry]) => entry)
    .filter((entry) => userInputFields({ ...entry, requires: requirementOf(entry) })?.some(({ required }) => required));
  return tool.flatMap((name, n) => {
    if (!asking.some((entry) => entry.name === name)) return [];
    const message = `a person has to fill in the fields of "${name}", so allow must include values (or result)`;
    return [{ path: [...path, 'tool', n], message }];
  });
}
