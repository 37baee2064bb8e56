import { plainRequireTerms } from '@countersign/contracts/approvals';
import { policySetOf, policyVersion } from '@countersign/definitions/policy';
import { describe, expect, it } from 'vitest';
import { requestFor } from '../../test/approval.fixtures.js';
import { definitionsWith } from '../../test/definitions.fixtures.js';
import { PolicyEvaluator } from './policy-evaluator.js';

const { data: asked } = requestFor({});
const tool = { name: 'deploy_to_production', description: '', parameters: { type: 'object' } };
const byVersion = (version: string, then: object) => ({
  name: `version ${version}`,
  when: { arguments: { version: { equals: version } } },
  then,
});
const rules = [
  byVersion('2.1.0', { require: { approvers: [{ group: 'ops', count: 2 }], expires_in: '1h' } }),
  byVersion('2.0.0', { approve: true }),
  byVersion('6.6.6', { reject: 'Nobody knows this version.' }),
];
const groups = { ops: ['bob', 'carol', 'dave'] };
const with_ = (version: string) => ({ ...asked, tool_args: { ...asked.tool_args, version } });

describe('the judge', () => {
  const judgeBy = (content: object = {}) => new PolicyEvaluator(definitionsWith({ tools: [tool], ...content }));

  it('lets anybody but who asked approve where there are no rules, with no time limit', () => {
    expect(judgeBy().evaluate(asked)).toMatchObject({
      terms: plainRequireTerms,
      policy: { rule: null, outcome: 'require' },
      shadow: null,
      reason: null,
      grant: null,
    });
  });

  it('requires what the rule that matches says, and names it', () => {
    const content = { groups, policies: { rules } };
    const { terms, policy } = judgeBy(content).evaluate(asked);
    expect(terms).toMatchObject({ approvers: [{ group: 'ops', count: 2, members: groups.ops }], expires_in: 3600 });
    const version = policyVersion(policySetOf(definitionsWith({ tools: [tool], ...content })));
    const saw = [{ path: 'version', value: '2.1.0' }];
    expect(policy).toEqual({ version, rule: 'version 2.1.0', outcome: 'require', saw });
  });

  it('approves and rejects what the rules approve and reject, and says why', () => {
    const judge = judgeBy({ groups, policies: { rules } });
    expect(judge.evaluate(with_('2.0.0'))).toMatchObject({ policy: { outcome: 'approve' }, reason: null });
    expect(judge.evaluate(with_('6.6.6'))).toMatchObject({
      policy: { outcome: 'reject', rule: 'version 6.6.6' },
      reason: 'Nobody knows this version.',
    });
  });

  it('approves what its tool only wants recorded, unless a rule says otherwise', () => {
    const audit = { ...asked, approval_type: 'audit' as const };
    expect(judgeBy().evaluate(audit)).toMatchObject({ policy: { outcome: 'approve' } });
    const strict = judgeBy({ groups, policies: { rules } });
    expect(strict.evaluate(audit)).toMatchObject({ policy: { outcome: 'require' } });
  });

  it('records what the rules on trial say, and does not go by it', () => {
    const shadow = { rules: [byVersion('2.1.0', { reject: 'Too old.' })] };
    const judgement = judgeBy({ groups, policies: { rules }, shadow }).evaluate(asked);
    expect(judgement).toMatchObject({
      policy: { rule: 'version 2.1.0', outcome: 'require' },
      shadow: { rule: 'version 2.1.0', outcome: 'reject' },
      reason: null,
    });
    expect(judgement.shadow!.version).not.toBe(judgement.policy!.version);
  });
});
