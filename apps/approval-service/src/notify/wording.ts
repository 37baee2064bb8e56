import { possiblyExecutedText, redactApproval, type Approval } from '@countersign/contracts/approvals';
import type { NoticeKind } from '@countersign/contracts/deliveries';
import { actionLine, argumentLines, presentCall, riskOf } from '@countersign/contracts/presentation';
import { marked, markedLine, visibleLine } from '@countersign/contracts/text';
import { toEpochMillis } from '@countersign/contracts/time';

/** What a message says of an approval, as text that hides nothing. Each channel escapes it in its own way. */
export interface Wording {
  headline: string;
  /** Who asks for what, in a line. */
  request: string;
  /** What the call is, as its tool declares it; null: it declares nothing. */
  title: string | null;
  /** A line or more for each, without what is not for everybody's eyes. */
  args: string;
  argsTitle: string;
  /** The reason by the model, not verified. */
  reason: string | null;
  deadline: string | null;
  /** Questions and answers as quotes; null: there are none. */
  questions: string | null;
  /** What whoever decides has to look at first. */
  caution: string | null;
  /** What was decided, once it is. */
  outcome: string | null;
  link: string | null;
}

const headlines: Record<NoticeKind, string> = {
  pending: 'Approval needed',
  reminder: 'Reminder: approval needed',
  escalation: 'Escalation: approval needed',
  question: 'A question before approval',
  answer: 'Question answered: approval needed',
  break_glass: 'ALARM: glass was broken',
  resolved: 'Approval resolved',
  ended: 'Run ended',
};

export function wordingOf(approval: Approval, kind: NoticeKind, base_url: string | undefined): Wording {
  const { context, expires_at, possibly_executed, source_name, status, tool_name, user_id } = approval;
  const { approved_args, tool_args: requested } = redactApproval(approval);
  const call = { ...approval, tool_args: approved_args ?? requested };
  const reason = context['reason'];
  const risk = riskOf({ ...approval, tool_args: approval.approved_args ?? approval.tool_args });
  const title = approval.presentation?.title ? actionLine(call) : null;
  const behalf = user_id === null ? '' : `, for ${user_id},`;
  return {
    headline: risk === 'low' ? headlines[kind] : `${headlines[kind]}, ${risk} risk`,
    request: `${markedLine(`${source_name}${behalf} requests ${tool_name}`)}${title === null ? '' : `: ${title}`}`,
    title,
    args: argumentLines(presentCall(call).args).join('\n'),
    argsTitle: approved_args === null ? 'Arguments' : 'Arguments, as they were changed and approved',
    reason: typeof reason === 'string' && reason !== '' ? marked(reason) : null,
    questions: questionsOf(approval),
    deadline:
      status === 'pending' && expires_at !== null ? `Until ${new Date(toEpochMillis(expires_at)).toUTCString()}` : null,
    caution: status === 'pending' && possibly_executed ? possiblyExecutedText(possibly_executed) : null,
    outcome: status === 'pending' ? null : outcomeOf(approval),
    link: base_url === undefined ? null : linkTo(approval.id, base_url),
  };
}

function questionsOf({ questions, status }: Approval): string | null {
  const lines = questions.flatMap(({ by, text, answer, withdrawn_at }) => [
    `${by} asks: ${text}`,
    ...(answer ? [`${answer.by} answers, unchecked: ${answer.text}`] : []),
    ...(answer === null && withdrawn_at === null && status === 'pending' ? ['Not answered yet.'] : []),
  ]);
  return lines.length === 0 ? null : marked(lines.join('\n'));
}

function outcomeOf({ break_glass, review, resolution_data, resolved_by, status }: Approval): string {
  if (break_glass && status === 'approved') {
    const { by, group, reason } = break_glass;
    const then = review === 'open' ? '. Somebody else has to review it' : '';
    return visibleLine(`${by}, of ${group}, approved it alone, past the rest of the rule: ${reason}${then}`);
  }
  const by = resolved_by === null ? '' : ` by ${resolved_by}`;
  const note = resolution_data?.note ? `: ${resolution_data.note}` : '';
  return visibleLine(`${status[0]!.toUpperCase()}${status.slice(1)}${by}${note}`);
}

/** Only shows the approval: following a link must decide nothing, since programs follow links too. */
const linkTo = (id: string, base_url: string): string => `${inboxAt(base_url)}/approvals/${encodeURIComponent(id)}`;

export const inboxAt = (base_url: string): string => `${base_url.replace(/(\/inbox)?\/*$/, '')}/inbox`;
