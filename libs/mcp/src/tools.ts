import { ConfigError, type PauseType } from '@countersign/contracts';
import { argumentProblems, ToolDefinition } from '@countersign/definitions';
import type { Tool as OfferedTool } from '@modelcontextprotocol/client';
import { defaultPause, gateProblems, nameClashes } from '@countersign/tool';

/** What has to happen before calls of a server's tool. */
export interface Gate {
  approval: ToolDefinition['approval'];
  /** Unless said: nothing without approval, else `confirmation`. */
  requires?: PauseType | null | undefined;
  user_input: string[];
  redact: string[];
  max_output?: number | undefined;
}

/** By a tool's name; `*` is for every tool that is not named. */
export type Gates = Record<string, Gate>;

/** A tool of a server, and what a model is told of it. */
export interface McpTool {
  /** At the server. */
  name: string;
  definition: ToolDefinition;
}

const longestDescription = 4_000;

/**
 * The tools of a server that its configuration lets through, as a model sees them. What the server says of itself beyond
 * names, descriptions and parameters, such as that a tool only reads, is not believed and changes nothing.
 *
 * @throws ConfigError naming everything in which the configuration and the server do not fit.
 */
export function gatedTools(server: string, offered: readonly OfferedTool[], gates: Gates): McpTool[] {
  const tools = offered.flatMap((tool) => {
    const gate = Object.hasOwn(gates, tool.name) ? gates[tool.name] : gates['*'];
    return gate ? [{ name: tool.name, definition: definitionOf(server, tool, gate) }] : [];
  });
  const problems = [
    ...Object.keys(gates)
      .filter((name) => name !== '*' && !offered.some((tool) => tool.name === name))
      .map((name) => `it has no tool "${name}"; it has ${offered.map((tool) => tool.name).join(', ') || 'none'}`),
    ...tools.flatMap(({ name, definition }) => problemsOf(definition).map((problem) => `${name}: ${problem}`)),
    ...nameClashes(tools.map(({ name, definition }) => ({ name: definition.name, origin: `"${name}"` }))),
  ];
  if (problems.length > 0)
    throw new ConfigError(`The MCP server ${server} does not fit its configuration:\n  ${problems.join('\n  ')}`);
  return tools;
}

function definitionOf(
  server: string,
  { name, description, title, inputSchema }: OfferedTool,
  gate: Gate,
): ToolDefinition {
  // Without a dialect it is read as today's JSON Schema, which takes nearly all that older ones say.
  const { $schema: _, ...parameters } = inputSchema;
  const { approval, requires, user_input, redact, max_output } = gate;
  return {
    name: `${server}__${name}`.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64),
    description: shortened(description ?? title ?? ''),
    parameters,
    approval,
    requires: requires === undefined ? defaultPause(approval) : requires,
    user_input,
    redact,
    max_output: ToolDefinition.shape.max_output.parse(max_output),
    made_by: 'runner',
  };
}

const shortened = (text: string): string =>
  text.length > longestDescription ? `${text.slice(0, longestDescription - 1)}…` : text;

function problemsOf(definition: ToolDefinition): string[] {
  const problems = gateProblems(definition);
  try {
    argumentProblems(definition.parameters, {});
  } catch (error) {
    problems.push(`its parameters are no JSON Schema that can be checked: ${(error as Error).message}`);
  }
  return problems;
}
