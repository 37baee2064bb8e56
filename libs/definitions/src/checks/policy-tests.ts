import { missingAgent, neverApplies } from './condition.js';
import { duplicates, namesIn, sound } from './entries.js';
import { PolicyTest } from '../policy/rules.js';
import type { Path, Problem } from '../load/source.js';

/** Cases about what there is not, and cases that can never pass. */
export const checkPolicyTests = (file: unknown): Problem[] => [
  ...duplicates(file, ['policy_tests'], 'name'),
  ...sound(file, ['policy_tests'], PolicyTest).flatMap(([path, test]) => checkPolicyTest(test, path, file)),
];

function checkPolicyTest({ call, expect }: PolicyTest, path: Path, file: unknown): Problem[] {
  const rules = namesIn(file, ['policies', 'rules'], 'name');
  const { rule, approvals, outcome } = expect;
  const objections: [Path, string | undefined][] = [
    [['call', 'agent'], missingAgent(file, call.agent)],
    [['call', 'tool'], neverApplies(file, call.tool)],
    [
      ['expect', 'rule'],
      rule == null || rules.includes(rule) ? undefined : `there is no rule "${rule}" under policies.rules`,
    ],
    [
      ['expect', 'approvals'],
      approvals === undefined || outcome === 'require'
        ? undefined
        : `no one approves when the outcome is ${outcome}: omit it`,
    ],
  ];
  return objections.flatMap(([at, message]) => (message === undefined ? [] : [{ path: [...path, ...at], message }]));
}
