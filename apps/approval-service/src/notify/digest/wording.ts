import type { Approval } from '@countersign/contracts/approvals';
import { isRiskier, riskOf, type Risk } from '@countersign/contracts/presentation';
import { clipped } from '../clipped.js';
import { inboxAt, wordingOf } from '../wording.js';

/** What a message says of several approvals, as text that hides nothing. */
export interface DigestWording {
  headline: string;
  /** The riskiest first, then the most urgent. */
  lines: { text: string; link: string | null }[];
  /** How many more there are, in words. */
  rest: string | null;
  link: string | null;
}

const mostLines = 30;
const maxLine = 250;

/** Of what would run. */
const riskNow = (approval: Approval): Risk =>
  riskOf({ ...approval, tool_args: approval.approved_args ?? approval.tool_args });

export function digestWording(approvals: readonly Approval[], base_url: string | undefined): DigestWording {
  const count = approvals.length;
  const lines = approvals.toSorted(byUrgency).map((approval) => {
    const { request, deadline, link } = wordingOf(approval, 'pending', base_url);
    const risk = riskNow(approval);
    const marks = [
      ...(risk === 'low' ? [] : [risk === 'critical' ? 'Critical risk' : 'High risk']),
      ...(deadline ? [deadline] : []),
    ];
    return { text: [clipped(request, maxLine), ...marks].join('. '), link };
  });
  return {
    headline: count === 1 ? 'A call waits for a decision' : `${count} calls wait for a decision`,
    lines: lines.slice(0, mostLines),
    rest: count > mostLines ? `and ${count - mostLines} more` : null,
    link: base_url === undefined ? null : inboxAt(base_url),
  };
}

const byUrgency = (a: Approval, b: Approval): number =>
  Number(isRiskier(riskNow(b), riskNow(a))) - Number(isRiskier(riskNow(a), riskNow(b))) ||
  (a.expires_at ?? Infinity) - (b.expires_at ?? Infinity) ||
  a.created_at - b.created_at;
