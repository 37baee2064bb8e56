import { namesIn, sound } from './entries.js';
import { missingTool } from './reference.js';
import { ToolEntry } from '../schema/file.js';
import { McpServerEntry } from '../schema/mcp-server.js';
import type { Condition } from '../policy/condition/condition.js';
import { declaredGate } from '../policy/trial/tests.js';
import type { Path, Problem } from '../load/source.js';

/** What a condition names that no policy ever applies to. */
export function checkCondition(condition: Condition, path: Path, file: unknown): Problem[] {
  const { agent = [], tool = [], annotations, all = [], any = [], not } = condition;
  return [
    ...problemsOf(agent, [...path, 'agent'], (id) => missingAgent(file, id)),
    ...problemsOf(tool, [...path, 'tool'], (name) => neverApplies(file, name)),
    ...problemsOf(annotations?.trusted ?? [], [...path, 'annotations', 'trusted'], (name) =>
      namesIn(file, ['mcp_servers'], 'name').includes(name)
        ? undefined
        : `there is no MCP server "${name}": declare it under mcp_servers`,
    ),
    ...all.flatMap((each, n) => checkCondition(each, [...path, 'all', n], file)),
    ...any.flatMap((each, n) => checkCondition(each, [...path, 'any', n], file)),
    ...(not ? checkCondition(not, [...path, 'not'], file) : []),
  ];
}

/** Why no call of an agent can come. Another file may declare the agents when this one has none. */
export function missingAgent(file: unknown, id: string): string | undefined {
  const agents = namesIn(file, ['agents'], 'id');
  return agents.length === 0 || agents.includes(id) ? undefined : `there is no agent "${id}": declare it under agents`;
}

/** Why no policy applies to a tool's calls. */
export function neverApplies(file: unknown, tool: string): string | undefined {
  if (namesIn(file, ['agents'], 'id').length === 0) return undefined;
  const missing = missingTool(file, tool);
  if (missing !== undefined) return missing;
  return gateOf(file, tool)?.approval === 'none'
    ? `"${tool}" has "approval: none", so no policy applies to it: use required or audit`
    : undefined;
}

/** What an automatic approval would leave undone. */
export const checkAutomatic = ({ tool = [] }: Condition, path: Path, file: unknown): Problem[] =>
  problemsOf(tool, [...path, 'tool'], (name) =>
    gateOf(file, name)?.requires === 'user_input'
      ? `a person has to fill in the fields of "${name}", so it cannot be approved automatically`
      : undefined,
  );

function gateOf(file: unknown, tool: string) {
  const [tools, servers] = [sound(file, ['tools'], ToolEntry), sound(file, ['mcp_servers'], McpServerEntry)];
  return declaredGate(tool, {
    tools: tools.map(([, tool]) => tool),
    mcp_servers: servers.map(([, server]) => server),
  });
}

const problemsOf = (names: readonly string[], path: Path, objection: (name: string) => string | undefined): Problem[] =>
  names.flatMap((name, n) => {
    const message = objection(name);
    return message === undefined ? [] : [{ path: [...path, n], message }];
  });
