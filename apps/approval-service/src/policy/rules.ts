import { plainRequireTerms, type Approval, type RequireTerms, type Ruling } from '@countersign/contracts/approvals';
import { redacted, type Requirement } from '@countersign/contracts/calls';
import { evaluate, policyVersion, type PolicySet } from '@countersign/definitions/policy';

/** The rules in force, with what an evaluation depends on besides the call. */
export interface Rules {
  set: PolicySet;
  /** Digest of the set. */
  version: string;
}

/** What decisions are made by, which may change while the service runs. */
export interface RulesInForce {
  readonly rules: Rules;
  /** To be awaited before a decision. @throws RetryableError when this process does not work by what is in force */
  fresh(): Promise<void>;
}

export const rulesOf = (set: PolicySet): Rules => ({ set, version: policyVersion(set) });

/** What is known of a call besides its arguments. */
export type CallFacts = { requirements: readonly Requirement[] } & Pick<
  Approval,
  'agent_id' | 'tool_name' | 'user_id' | 'requested_by' | 'approval_type' | 'annotations'
>;

/** What rules make of one call. */
export interface Ruled {
  /** What has to happen; where no rule asks for anything, one approval. */
  terms: RequireTerms;
  policy: Ruling;
  /** Why they reject it. */
  reason: string | null;
}

/** What the rules say of a call with exactly these arguments. */
export function rulingOf({ set, version }: Rules, facts: CallFacts, args: Record<string, unknown>): Ruled {
  const { rule, outcome, terms, reason, saw } = evaluate(set, { ...facts, arguments: args });
  return {
    terms: terms ?? plainRequireTerms,
    policy: {
      version,
      rule,
      outcome,
      saw: saw.map((seen) => (isHidden(seen.path, facts) ? { ...seen, value: redacted } : seen)),
    },
    reason,
  };
}

/** Whether the path leads to an argument, or into one, that is not for everybody's eyes. */
const isHidden = (path: string, { requirements }: CallFacts): boolean =>
  requirements.some(({ tool_execution }) => tool_execution.redact.includes(path.split('.', 1)[0]!));

/** The rule, for people. */
export const nameOf = ({ rule }: Ruling): string => (rule === null ? 'the default' : `the rule "${rule}"`);
