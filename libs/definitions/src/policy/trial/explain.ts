import { wantIn } from './words.js';
import { holds, type PolicyCall } from '../condition/call.js';
import { evaluate, type PolicyResult, type PolicySet } from '../evaluate.js';
import type { Condition } from '../condition/condition.js';
import type { Truth } from '../condition/truth.js';

/** One rule, and whether it is about a call. */
interface ExplainedRule {
  name: string;
  matches: Truth;
  /** What keeps it from matching, such as `arguments.environment`: with other values there it would. */
  because: string[];
  /** What it asks of a call there, in words. */
  wants: string[];
  /** Whether it decides, alone or with others. */
  counts: boolean;
}

export interface Explanation {
  result: PolicyResult;
  /** Up to the one that decides; those after it are not looked at. */
  rules: ExplainedRule[];
}

/** Why rules decide on a call as they do, rule by rule. */
export function explain(set: PolicySet, call: PolicyCall): Explanation {
  const rules: ExplainedRule[] = [];
  for (const { name, when, then } of set.rules) {
    const matches = holds(when, call);
    const counts = matches === true || (matches === 'unknown' && !('approve' in then));
    const missing = matches === true ? [] : unmet(when, call);
    const [because, wants] = [missing.map(([part]) => part), missing.map(([part, is]) => wantIn(part, is))];
    rules.push({ name, matches, because, wants, counts });
    if (matches === true || (matches === 'unknown' && 'reject' in then)) break;
  }
  return { result: evaluate(set, call), rules };
}

/** The parts of a condition that do not hold. */
const unmet = (condition: Condition, call: PolicyCall): [name: string, part: Condition][] =>
  partsOf(condition).filter(([, part]) => holds(part, call) !== true);

function partsOf({ arguments: predicates = {}, all = [], ...rest }: Condition): [name: string, part: Condition][] {
  return [
    ...Object.entries(rest).flatMap(([name, value]): [string, Condition][] =>
      value === undefined ? [] : [[name, { [name]: value }]],
    ),
    ...Object.entries(predicates).map(([path, predicate]): [string, Condition] => [
      `arguments.${path}`,
      { arguments: { [path]: predicate } },
    ]),
    ...all.flatMap(partsOf),
  ];
}
