import type { Approval, RequireTerms } from '@countersign/contracts/approvals';
import type { DefinitionsFile } from '../../schema/file.js';
import type { PolicyCall } from '../condition/call.js';
import { evaluate, policySetOf, type PolicyResult } from '../evaluate.js';
import { isAtMostAsStrict } from '../strictness.js';
import { approvalsOf } from '../terms.js';
import { declaredGate } from './tests.js';

type Past = Pick<
  Approval,
  | 'id'
  | 'agent_id'
  | 'tool_name'
  | 'tool_args'
  | 'user_id'
  | 'requested_by'
  | 'annotations'
  | 'policy'
  | 'terms'
  | 'created_at'
>;

/** What rules make of a call, in short. */
interface ShortRuling {
  outcome: PolicyResult['outcome'];
  /** null: the default. */
  rule: string | null;
  /** How many people have to approve; null: none. */
  approvals: number | null;
}

interface OtherRuling {
  id: string;
  then: ShortRuling;
  now: ShortRuling;
  /** Whether less is asked now: such calls would go on with fewer people than they did. */
  isLaxer: boolean;
}

export interface Backtest {
  total: number;
  otherwise: OtherRuling[];
}

/** What the rules of a file would have made of calls that were decided under others. @param past with all arguments */
export function backtest(definitions: DefinitionsFile, past: readonly Past[]): Backtest {
  const set = policySetOf(definitions);
  return {
    total: past.length,
    otherwise: past.flatMap((approval) => {
      const { policy, terms } = approval;
      const result = evaluate(set, callOf(approval, definitions));
      const outcome = policy?.outcome ?? 'require';
      if (outcome === result.outcome && (outcome !== 'require' || isSame(terms, result.terms!))) return [];
      const then = {
        outcome,
        rule: policy?.rule ?? null,
        approvals: outcome === 'require' ? approvalsOf(terms) : null,
      };
      const { rule, terms: required } = result;
      const now = { outcome: result.outcome, rule, approvals: required && approvalsOf(required) };
      return [{ id: approval.id, then, now, isLaxer: isLaxer(then, terms, result) }];
    }),
  };
}

const isSame = (then: RequireTerms, now: RequireTerms): boolean =>
  isAtMostAsStrict(then, now) && isAtMostAsStrict(now, then);

function isLaxer({ outcome }: ShortRuling, terms: RequireTerms, now: PolicyResult): boolean {
  if (now.outcome === 'approve') return outcome !== 'approve';
  if (now.outcome === 'reject') return false;
  return outcome === 'reject' || (outcome === 'require' && !isAtMostAsStrict(terms, now.terms!));
}

/** What a tool itself says is as the file has it: a record keeps what became of it. */
const callOf = (approval: Past, definitions: DefinitionsFile): PolicyCall => ({
  agent_id: approval.agent_id,
  tool_name: approval.tool_name,
  user_id: approval.user_id,
  requested_by: approval.requested_by,
  arguments: approval.tool_args,
  annotations: approval.annotations,
  approval_type: declaredGate(approval.tool_name, definitions)?.approval === 'audit' ? 'audit' : 'required',
});
