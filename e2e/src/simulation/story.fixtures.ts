import { unjudged, type PolicyDecision } from '@countersign/approval-service';
import { plainRequireTerms } from '@countersign/contracts/approvals';
import fc from 'fast-check';
import { ofOps } from './deputies.js';

export const judgement = fc
  .record({
    count: fc.constantFrom(1, 1, 2),
    named: fc.boolean(),
    expires_in: fc.constantFrom(null, null, 20),
    policy: fc.constantFrom<PolicyDecision['policy'][]>(null, {
      version: 'f00d',
      rule: null,
      outcome: 'require',
      saw: [],
    }),
  })
  .map(({ count, expires_in, named, policy }): PolicyDecision => {
    const whom = named ? ofOps(count) : { approvers: [{ group: null, count, members: null }] };
    return { ...unjudged, policy, terms: { ...plainRequireTerms, ...whom, expires_in } };
  });
/** The seed of each step. What does not matter for a failure is left out; another seed would be another story. */
export const seeds = fc.array(fc.noShrink(fc.nat()), { maxLength: 600, size: 'max' });
