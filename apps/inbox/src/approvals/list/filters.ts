import type { ApprovalsQuery } from '@countersign/client';
import { views, type View } from './views.js';
import type { Approval, ApprovalStatus } from '@countersign/contracts/approvals';

/** The filters; an empty text is none. */
export interface Filters {
  status: string;
  tool_name: string;
  agent_id: string;
  user_id: string;
  text: string;
  view: View;
  /** These are looked at here, and not by the server. */
  risk: string;
  environment: string;
}

const names = ['tool_name', 'agent_id', 'user_id', 'text', 'risk', 'environment'] as const satisfies (keyof Filters)[];

type Six = [string, string, string, string, string, string];

/** The filters that the query of an address asks for: what is pending and mine to decide, unless it says otherwise. */
export function filtersIn(query: URLSearchParams): Filters {
  const valueOf = (name: keyof Filters) => query.get(name)?.trim() ?? '';
  const [tool_name, agent_id, user_id, text, risk, environment] = names.map(valueOf) as Six;
  const asked = views.find((view) => view === valueOf('view'));
  const given = valueOf('status');
  // What somebody else decided is of nobody's turn, and a search reaches everything.
  const view = asked ?? ((given !== '' && given !== 'pending') || text !== '' ? 'all' : 'mine');
  const status = view === 'decided' ? 'all' : view === 'all' ? given || 'pending' : 'pending';
  return { status, tool_name, agent_id, user_id, text, view, risk, environment };
}

/** The query of an address that asks for these. */
export function queryOf(filters: Filters): string {
  const set = names.flatMap((name) => (filters[name] === '' ? [] : [[name, filters[name]]]));
  if (filters.view === 'all' && filters.status !== 'pending') set.unshift(['status', filters.status]);
  // An address says what would otherwise be understood.
  if (filtersIn(new URLSearchParams(set)).view !== filters.view) set.unshift(['view', filters.view]);
  return set.length > 0 ? `?${new URLSearchParams(set)}` : '';
}

/** The same for the server, which leaves out what is empty. */
export const asParameters = ({ status, tool_name, agent_id, user_id, text }: Filters): ApprovalsQuery => ({
  tool_name,
  agent_id,
  user_id,
  text,
  status: status === 'all' ? undefined : (status as ApprovalStatus),
});

/** Whether an approval that has just changed is one of those, by the rules of the server. */
export function matches(approval: Approval, { status, tool_name, agent_id, user_id, text }: Filters): boolean {
  return (
    (status === 'all' || approval.status === status) &&
    (tool_name === '' || approval.tool_name === tool_name) &&
    (agent_id === '' || approval.agent_id === agent_id) &&
    (user_id === '' || approval.user_id === user_id) &&
    hasWords(approval, text)
  );
}

function hasWords(approval: Approval, text: string): boolean {
  if (text === '') return true;
  const { id, run_id, session_id, agent_id, source_name, user_id, tool_name, resolved_by, tool_args, context } =
    approval;
  const searched = [id, run_id, session_id, agent_id, source_name, user_id, tool_name, resolved_by]
    .concat(approval.comments.map((comment) => comment.text))
    .concat(approval.questions.flatMap(({ text, answer }) => [text, answer?.text ?? '']))
    .concat(JSON.stringify(tool_args), JSON.stringify(context))
    .join(' ')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searched.includes(word));
}
