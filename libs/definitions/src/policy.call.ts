import type { ApprovalType } from '@countersign/contracts';
import type { Condition } from './policy.condition.js';
import { meets } from './policy.predicate.js';
import { allOf, anyOf, not, type Truth } from './policy.truth.js';
import { isNamedBy } from './tool-reference.js';

/** A call as policies see it. */
export interface PolicyCall {
  agent_id: string;
  tool_name: string;
  /** Who started the run; `null` when nobody knows. */
  requester: string | null;
  arguments: Record<string, unknown>;
  /** What the tool itself says. */
  approval_type: ApprovalType;
}

/** Whether a call is one that the condition means. */
export function holds(condition: Condition, call: PolicyCall): Truth {
  const { agent, tool, requester, arguments: predicates = {}, all = [], any, not: excluded } = condition;
  return allOf([
    !agent || agent.includes(call.agent_id),
    !tool || tool.some((reference) => isNamedBy(reference, call.tool_name)),
    !requester || (call.requester === null ? 'unknown' : requester.includes(call.requester)),
    ...Object.entries(predicates).map(([path, predicate]) => meets(predicate, path, call.arguments)),
    ...all.map((each) => holds(each, call)),
    !any || anyOf(any.map((each) => holds(each, call))),
    !excluded || not(holds(excluded, call)),
  ]);
}
