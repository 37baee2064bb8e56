import type { PauseType } from '@countersign/contracts/calls';
import { ConfigError } from '@countersign/contracts/problems';
import type { Seconds } from '@countersign/contracts/time';
import { annotationsOf, digestOf, mcpToolName, modernSchema, ToolDefinition } from '@countersign/definitions';
import { TermsEntry, termsProblems } from '@countersign/definitions/execute';
import { withoutNeedlessPatterns, wrongPatterns } from '@countersign/definitions/pattern';
import { argumentProblems } from '@countersign/definitions/templates';
import type { Tool as OfferedTool } from '@modelcontextprotocol/client';
import { defaultPause, gateProblems, madeBy, nameClashes } from '@countersign/tool';

/** What has to happen before calls of a server's tool. */
export interface Gate {
  approval: ToolDefinition['approval'];
  /** Default: nothing without approval, else `confirmation`. */
  requires?: PauseType | null | undefined;
  user_input: string[];
  redact: string[];
  presentation?: ToolDefinition['presentation'];
  act_within?: Seconds | undefined;
  max_output?: number | undefined;
  /** Timeout of a call without progress, in seconds. */
  timeout?: Seconds | undefined;
  /** On which terms approved calls are made. */
  execute?: TermsEntry | undefined;
}

/** A server, and where it is: a program and its arguments, or an address. */
export interface ServerAt {
  name: string;
  where: unknown;
  /** Whether its word that a tool only reads is taken; default: no. */
  trustsReadOnlyHint?: boolean | undefined;
  /** Whether a tool that may destroy something, by its word or without one, has to be named; default: no. */
  leavesOutDestructive?: boolean | undefined;
}

/** By a tool's name; `*` is for every tool that is not named. */
export type Gates = Record<string, Gate>;

/** A tool of a server, and its definition for a model. */
export interface McpTool {
  /** At the server. */
  name: string;
  definition: ToolDefinition;
  /** Seconds. */
  timeout: Seconds;
  terms: TermsEntry;
}

/** What of a server is offered to models. */
export interface GatedTools {
  tools: McpTool[];
  /** A line for each tool that is not, since what its server says of it cannot be checked. */
  leftOut: string[];
}

/** Default timeout of a call without progress, in seconds. */
const defaultTimeout = 300;

const longestDescription = 4_000;

/**
 * The tools of a server that its configuration lets through, as a model sees them. What the server says of itself beyond
 * names, descriptions and parameters is not believed, but where the configuration or a rule trusts it, and what leaves a tool out. A tool whose parameters cannot be checked is left out when only `*` lets it through.
 *
 * @throws ConfigError naming everything in which the configuration and the server do not fit.
 */
export function gatedTools(server: ServerAt, offered: readonly OfferedTool[], gates: Gates): GatedTools {
  const gated = offered.flatMap((tool) => {
    const gate = gateOf(server, gates, tool);
    if (!gate) return [];
    const of = gatedTool(server, tool, gate);
    return [{ of, isNamed: Object.hasOwn(gates, tool.name), wrong: schemaProblems(of.definition.parameters) }];
  });
  const tools = gated.filter(({ isNamed, wrong }) => isNamed || wrong.length === 0);
  const problems = [
    ...Object.keys(gates)
      .filter((name) => name !== '*' && !offered.some((tool) => tool.name === name))
      .map((name) => `it has no tool "${name}"; it has ${offered.map((tool) => tool.name).join(', ') || 'none'}`),
    ...tools.flatMap(({ of }) => toolProblems(of).map((problem) => `${of.name}: ${problem}`)),
    ...nameClashes(tools.map(({ of: { name, definition } }) => ({ name: definition.name, origin: `"${name}"` }))),
  ];
  if (problems.length > 0)
    throw new ConfigError(`The MCP server ${server.name} does not fit its configuration:\n  ${problems.join('\n  ')}`);
  return {
    tools: tools.map(({ of }) => of),
    leftOut: gated
      .filter((tool) => !tools.includes(tool))
      .map(({ of: { name }, wrong }) => `${shortened(name)}: ${shortened(wrong.join('; '))}`),
  };
}

/** How a tool is gated: as its own name says, else as `*` does, which may trust the word that it only reads. */
export function gateOf(
  { name, trustsReadOnlyHint, leavesOutDestructive }: ServerAt,
  gates: Gates,
  tool: OfferedTool,
): Gate | undefined {
  if (Object.hasOwn(gates, tool.name)) return gates[tool.name];
  const { readOnlyHint, destructiveHint } = annotationsOf(name, tool.annotations);
  if (leavesOutDestructive && destructiveHint) return undefined;
  const any = gates['*'];
  const isFilledIn = any?.requires === 'user_input';
  return any && trustsReadOnlyHint && readOnlyHint && !isFilledIn ? { ...any, approval: 'none', requires: null } : any;
}

export const termsOf = ({ timeout, execute }: Gate): Pick<McpTool, 'timeout' | 'terms'> => ({
  timeout: timeout ?? defaultTimeout,
  terms: execute ?? TermsEntry.parse({}),
});

/** What a server offers, under a gate. */
export const gatedTool = (server: ServerAt, tool: OfferedTool, gate: Gate): McpTool => ({
  name: tool.name,
  definition: definitionOf(server, tool, gate),
  ...termsOf(gate),
});

function definitionOf(
  { name: server, where }: ServerAt,
  { name, description, title, inputSchema, annotations }: OfferedTool,
  gate: Gate,
): ToolDefinition {
  const parameters = isTooDeep(inputSchema) ? tooDeep : modernSchema(withoutNeedlessPatterns(inputSchema));
  const { approval, requires, user_input, redact, presentation, act_within, max_output } = gate;
  return {
    name: mcpToolName(server, name),
    description: shortened(description ?? title ?? ''),
    parameters,
    approval,
    requires: requires === undefined ? defaultPause(approval) : requires,
    user_input,
    redact,
    ...(presentation !== undefined && { presentation }),
    ...(act_within !== undefined && { act_within }),
    max_output: ToolDefinition.shape.max_output.parse(max_output),
    made_by: madeBy(approval),
    effect: digestOf({ where, tool: name }),
    annotations: annotationsOf(server, annotations),
  };
}

const shortened = (text: string): string =>
  text.length > longestDescription ? `${text.slice(0, longestDescription - 1)}…` : text;

/** What keeps a tool from being offered, or called, under its gate. */
export const toolProblems = ({ definition, terms }: McpTool): string[] => [
  ...gateProblems(definition),
  ...termsProblems(terms, definition),
  ...schemaProblems(definition.parameters),
];

/** What a server says of a tool's parameters is a third party's: nothing it writes may hold a check up. */
function schemaProblems(parameters: Record<string, unknown>): string[] {
  if (parameters === tooDeep) return [`its parameters have more than ${mostLevels} levels`];
  const { type } = parameters;
  if (type !== undefined && type !== 'object')
    return [`its parameters are of type ${JSON.stringify(type)}, not object`];
  const wrong = wrongPatterns(parameters);
  if (wrong.length > 0) return wrong.map(({ path, message }) => `its parameters.${path.join('.')} ${message}`);
  try {
    argumentProblems(parameters, {});
    return [];
  } catch (error) {
    return [`its parameters are no JSON Schema that can be checked: ${(error as Error).message}`];
  }
}

const mostLevels = 100;
const tooDeep: Record<string, unknown> = { not: {} };

/** Without recursion, which a third party's schema could exhaust. */
function isTooDeep(schema: unknown): boolean {
  let level: unknown[] = [schema];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > mostLevels) return true;
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return false;
}
