import type { ApprovalType, ToolAnnotations } from '@countersign/contracts/calls';
import { askersOf } from '../quorum/askers.js';
import type { Annotations, Condition } from './condition.js';
import { meets } from './predicate.js';
import { allOf, anyOf, not, type Truth } from './truth.js';
import { isNamedBy } from '../../schema/tool-reference.js';

/** A call as policies see it. */
export interface PolicyCall {
  agent_id: string;
  tool_name: string;
  /** For whom the run is; `null`: no user. */
  user_id: string | null;
  /** Who sent the request for it; `null`: unauthenticated. */
  requested_by: string | null;
  arguments: Record<string, unknown>;
  /** What the tool itself says. */
  approval_type: ApprovalType;
  /** What the MCP server of the tool says of it; `null`: it is of none, or that is not known. */
  annotations: ToolAnnotations | null;
}

/** Whether a call is one that the condition means. */
export function holds(condition: Condition, call: PolicyCall): Truth {
  const { agent, tool, requester, arguments: predicates = {}, annotations } = condition;
  const { all = [], any, not: excluded } = condition;
  return allOf([
    !agent || agent.includes(call.agent_id),
    !tool || tool.some((reference) => isNamedBy(reference, call.tool_name)),
    !requester || isRequestedBy(requester, call),
    ...Object.entries(predicates).map(([path, predicate]) => meets(predicate, path, call.arguments)),
    !annotations || isSaid(annotations, call),
    ...all.map((each) => holds(each, call)),
    !any || anyOf(any.map((each) => holds(each, call))),
    !excluded || not(holds(excluded, call)),
  ]);
}

/** Where those who had a part in asking are partly among these, a rule counts only as far as it makes things stricter. */
function isRequestedBy(names: readonly string[], call: PolicyCall): Truth {
  const askers = askersOf(call);
  if (askers === null) return 'unknown';
  const named = askers.filter((asker) => names.includes(asker));
  return named.length > 0 && named.length < askers.length ? 'unknown' : named.length > 0;
}

/** What a server says that a rule does not trust is as good as unknown. */
export const wordOf = ({ trusted }: Annotations, { annotations }: Pick<PolicyCall, 'annotations'>) =>
  annotations && trusted.includes(annotations.server) ? annotations : undefined;

export const hintsIn = ({ trusted: _trusted, ...hints }: Annotations) =>
  Object.entries(hints).flatMap(([name, wanted]) =>
    wanted === undefined ? [] : [[name as keyof typeof hints, wanted] as const],
  );

function isSaid(annotations: Annotations, call: PolicyCall): Truth {
  const said = wordOf(annotations, call);
  return said ? hintsIn(annotations).every(([name, wanted]) => said[name] === wanted) : 'unknown';
}
