import type { Approval, DecisionVerdict } from '@countersign/contracts/approvals';
import { mayBeApprovedTogether, riskOf } from '@countersign/contracts/presentation';
import { openQuestion } from '@countersign/contracts/questions';
import { callOf } from '../../calls/call-of.js';
import type { Whole } from '../decision/use-whole.js';

/** What speaks against deciding on an approval together with others, in words; null: nothing. */
export type LeftOut = string | null;

interface Together {
  whole: Whole | undefined;
  /** Digests of the calls of which the end was in view. */
  seen: ReadonlySet<string>;
  verdict: DecisionVerdict;
}

/** Only what was in view to its end is approved, and only what is of low risk; anything that can be read may be rejected. */
export function leftOut({ whole, seen, verdict }: Together): LeftOut {
  if (whole === undefined) return 'it is being read';
  if ('problem' in whole) return whole.problem;
  const { approval } = whole;
  if (verdict === 'rejected') return null;
  if (openQuestion(approval)) return 'a question on it is not answered yet';
  const risk = riskOf(callOf(approval));
  const requested = riskOf(callOf(approval, approval.tool_args));
  const worst = mayBeApprovedTogether(risk) ? requested : risk;
  if (!mayBeApprovedTogether(worst)) return `a call of ${worst} risk is approved alone`;
  return seen.has(approval.digest) ? null : 'its end was not in view yet: scroll to it';
}

/** Those that are decided on: whole, as they were seen. */
export const decidedTogether = (
  wholes: ReadonlyMap<string, Whole> | undefined,
  given: Omit<Together, 'whole'>,
): Approval[] =>
  [...(wholes?.values() ?? [])].flatMap((whole) =>
    'approval' in whole && leftOut({ whole, ...given }) === null ? [whole.approval] : [],
  );
