import type { Approval } from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import { environmentOf, riskOf } from '@countersign/contracts/presentation';
import { callOf } from '../../calls/call-of.js';
import { approvedInPlaceOf, obstacleFor } from '../decision/decision.js';
import type { Filters } from './filters.js';

/** Whose turn it is. */
export const views = ['mine', 'others', 'decided', 'all'] as const;
export type View = (typeof views)[number];

export const viewNames: Record<View, string> = {
  mine: 'For me',
  others: 'For others',
  decided: 'I decided',
  all: 'All',
};

/** Whoever looks, as far as it matters here. */
export interface Viewer {
  subject: string;
  groups: readonly string[];
  /** Who has named them as a deputy. */
  standsInFor?: readonly { delegator: string; approval_id: string | null }[];
  mayDecide: boolean;
}

/** Whether it is their turn: to answer what they are asked, or else to decide. */
export const isMine = (approval: Approval, viewer: Viewer): boolean =>
  openQuestion(approval)
    ? isQuestionTo(approval, viewer)
    : approval.status === 'pending' &&
      viewer.mayDecide &&
      obstacleFor(viewer, approval) === null &&
      approvedInPlaceOf(viewer, approval) === undefined;

/** Whether they requested the call that somebody has a question about. */
export const isQuestionTo = ({ user_id, requested_by }: Approval, { subject }: Pick<Viewer, 'subject'>): boolean =>
  user_id === subject || requested_by === subject;

const isDecidedBy = (approval: Approval, { subject }: Viewer): boolean =>
  approval.decisions.some(({ by }) => by === subject);

/** Whether it belongs to what a view, a risk and an environment leave. */
export function isInView(approval: Approval, { view, risk, environment }: Filters, viewer: Viewer): boolean {
  const call = callOf(approval);
  if (risk !== '' && riskOf(call) !== risk) return false;
  if (environment !== '' && environmentOf(call)?.name !== environment) return false;
  switch (view) {
    case 'mine':
      // Whoever only looks has no turn.
      return viewer.mayDecide ? isMine(approval, viewer) : approval.status === 'pending';
    case 'others':
      return approval.status === 'pending' && !isMine(approval, viewer);
    case 'decided':
      return isDecidedBy(approval, viewer);
    case 'all':
      return true;
    default:
      return view satisfies never;
  }
}
