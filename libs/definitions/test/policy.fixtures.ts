import { plainRequireTerms, RequireTerms } from '@countersign/contracts/approvals';
import type { PolicySet } from '../src/policy/evaluate.js';
import type { PolicyCall } from '../src/policy/condition/call.js';
import { Groups, Policies } from '../src/policy/rules.js';

export const groups = { managers: ['ada', 'grace', 'edsger'], security: ['grace', 'barbara'], leads: 'from_token' };

/** Policies as a file says them, with groups to name. */
export const policies = (rules: object[] = [], other?: object): PolicySet => ({
  ...Policies.parse({ rules, ...(other && { default: other }) }),
  groups: Groups.parse(groups),
});

export const call = (fields: Partial<PolicyCall> = {}): PolicyCall => ({
  agent_id: 'ops',
  tool_name: 'deploy',
  user_id: 'ada',
  requested_by: 'ada',
  arguments: {},
  approval_type: 'required',
  annotations: null,
  ...fields,
});

export const terms = (fields: Partial<RequireTerms> = {}): RequireTerms =>
  RequireTerms.parse({ ...plainRequireTerms, ...fields });
