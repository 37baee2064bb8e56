import type { PauseType } from '@countersign/contracts/calls';
import { mcpGate } from '../../schema/mcp-server.js';
import type { DefinitionsFile, ToolEntry } from '../../schema/file.js';
import { evaluate, policySetOf } from '../evaluate.js';
import type { PolicyCall } from '../condition/call.js';
import type { PolicyTest } from '../rules.js';
import { approvalsOf } from '../terms.js';

type Expectation = PolicyTest['expect'];

export interface PolicyTestResults {
  passed: number;
  failed: { name: string; expected: Expectation; got: Expectation & { reason: string | null } }[];
}

/** Evaluates the calls that the file has as cases, and compares what becomes of them. */
export function runPolicyTests(definitions: DefinitionsFile): PolicyTestResults {
  const failed = definitions.policy_tests.flatMap(({ name, call, expect: expected }) => {
    const { rule, outcome, terms, reason } = evaluate(policySetOf(definitions), callOf(call, definitions));
    const got = { outcome, rule, ...(terms && { approvals: approvalsOf(terms) }), reason };
    return isAsExpected(expected, got) ? [] : [{ name, expected, got }];
  });
  return { passed: definitions.policy_tests.length - failed.length, failed };
}

const isAsExpected = (expected: Expectation, got: Expectation): boolean =>
  (['outcome', 'rule', 'approvals'] as const).every(
    (field) => expected[field] === undefined || expected[field] === got[field],
  );

const callOf = (call: PolicyTest['call'], definitions: DefinitionsFile): PolicyCall => ({
  agent_id: call.agent,
  tool_name: call.tool,
  user_id: call.requester,
  requested_by: call.requester,
  arguments: call.arguments,
  annotations: call.annotations ?? null,
  approval_type: call.approval ?? (declaredGate(call.tool, definitions)?.approval === 'audit' ? 'audit' : 'required'),
});

/** How a tool is gated, as far as the file says. */
export function declaredGate(
  tool: string,
  { tools, mcp_servers }: Pick<DefinitionsFile, 'tools' | 'mcp_servers'>,
): (Pick<ToolEntry, 'approval'> & { requires?: PauseType | null | undefined }) | undefined {
  const server = mcp_servers.find(({ name }) => tool.startsWith(`${name}__`));
  return tools.find(({ name }) => name === tool) ?? (server && mcpGate(server, tool.slice(server.name.length + 2)));
}
