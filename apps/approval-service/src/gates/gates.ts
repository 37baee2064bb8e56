import type { HiddenArguments } from '@countersign/contracts';
import type { ToolVersion } from '@countersign/contracts/calls';
import { Risk, type Presentation } from '@countersign/contracts/presentation';
import type { Seconds } from '@countersign/contracts/time';
import {
  changesSince,
  defaultActWithin,
  isGatedAsRequested,
  mcpToolName,
  toolDefinitionOf,
  type AgentEntry,
  type Definitions,
  type McpServerEntry,
  type ToolDefinition,
} from '@countersign/definitions';
import { entriesFor, hiddenArguments } from '@countersign/definitions/masking';
import { previewTimeout } from '@countersign/definitions/execute';
import { madeBy } from '@countersign/tool';

import type { PreviewTerms } from '../approval/previews/preview.js';

/** How calls of a tool are gated, as the definitions here say. `parameters` of a tool that only its server knows: null. */
export type Gate = Pick<ToolDefinition, 'requires' | 'user_input' | 'redact' | 'act_within' | 'presentation'> & {
  approval: 'required' | 'audit';
  parameters: ToolDefinition['parameters'] | null;
};

/** Why a call is not let through at all: a code for programs, a sentence for people and models. */
export interface NoGate {
  code: 'unknown_agent' | 'unknown_tool' | 'not_of_agent' | 'not_gated' | 'tool_changed';
  reason: string;
}

/**
 * What this service itself knows of agents and tools. However a request says that its call is gated, this is how it is.
 */
export class Gates {
  #agents: ReadonlyMap<string, AgentEntry>;
  #servers: readonly McpServerEntry[];
  #declared: readonly ToolDefinition[];
  readonly #functionsOf: () => Promise<ToolDefinition[]>;
  /** Of modules, whose code is loaded once. */
  #functions: readonly ToolDefinition[] = [];
  #tools: ReadonlyMap<string, ToolDefinition> | undefined;
  #previews: ReadonlyMap<string, PreviewTerms>;

  /** @param functionsOf reads the definitions of modules, without running their code here */
  constructor(
    { agents, tools, tool_modules, mcp_servers }: Definitions,
    functionsOf: (modules: readonly string[]) => Promise<ToolDefinition[]>,
  ) {
    this.#agents = byId(agents);
    this.#servers = mcp_servers;
    this.#declared = tools.map(toolDefinitionOf);
    this.#previews = previewsIn(tools);
    this.#functionsOf = () => functionsOf(tool_modules);
    this.hidden = hiddenArguments(
      () => this.#tools ?? new Map(),
      () => this.#servers,
    );
  }

  /** @throws ConfigError when the definitions of functions cannot be read. */
  async open(): Promise<void> {
    this.#functions = await this.#functionsOf();
    this.#tools = this.#all();
  }

  /** From now on these agents, tools and servers; modules are as they were. */
  use({ agents, tools, mcp_servers }: Pick<Definitions, 'agents' | 'tools' | 'mcp_servers'>): void {
    this.#agents = byId(agents);
    this.#servers = mcp_servers;
    this.#declared = tools.map(toolDefinitionOf);
    this.#previews = previewsIn(tools);
    this.#tools = this.#all();
  }

  /** What is redacted in calls of a tool, whatever the message says; all, where the tool is unknown. */
  readonly hidden: HiddenArguments;

  /** The preview that a tool of the file has. */
  readonly previewOf = (tool_name: string): PreviewTerms | null => this.#previews.get(tool_name) ?? null;

  /** How long a decision on a call of this tool can be acted on; of several tools of the name the shortest time counts. */
  readonly actWithin = (tool_name: string): Seconds => {
    const found = this.#named(tool_name).map(({ act_within }) => act_within ?? defaultActWithin);
    return found.length === 0 ? defaultActWithin : Math.min(...found);
  };

  of({ agent_id, tool_name, tool_version }: RequestedTool): Gate | NoGate {
    if (!this.#tools) throw new Error('the definitions are not read yet');
    const agent = this.#agents.get(agent_id);
    if (!agent)
      return { code: 'unknown_agent', reason: `no agent "${agent_id}" is declared where it would be decided` };
    const tool = this.#tools.get(tool_name);
    const found = tool ? [tool] : this.#servers.flatMap((server) => gatesAt(server, tool_name));
    if (found.length === 0)
      return { code: 'unknown_tool', reason: `no tool "${tool_name}" is declared where it would be decided` };
    const offered = tool ? found : this.#servers.filter((server) => mayUse(agent, server.name, tool_name));
    if (!agent.tools.includes(tool_name) && (tool !== undefined || offered.length === 0))
      return { code: 'not_of_agent', reason: `agent "${agent_id}" may not use the tool "${tool_name}"` };
    // Two servers may give a name to one; the stricter counts.
    const strictest = found.find(({ approval }) => approval === 'required') ?? found.find(isGated);
    if (!strictest || !isGated(strictest))
      return { code: 'not_gated', reason: `calls of "${tool_name}" need no approval` };
    const reason = whyAnother(tool_name, tool_version, tool ?? strictest);
    if (reason !== undefined) return { code: 'tool_changed', reason };
    return { ...strictest, presentation: riskiest(found.flatMap(({ presentation }) => presentation ?? [])) };
  }

  #all(): ReadonlyMap<string, ToolDefinition> {
    return new Map([...this.#functions, ...this.#declared].map((tool) => [tool.name, tool]));
  }

  #named(tool_name: string): Known[] {
    const declared = this.#tools?.get(tool_name);
    const served = this.#servers.flatMap((server) => gatesAt(server, tool_name));
    return [...(declared ? [declared] : []), ...served];
  }
}

const previewsIn = (tools: Definitions['tools']): ReadonlyMap<string, PreviewTerms> =>
  new Map(
    tools.flatMap(({ name, preview }) =>
      preview ? [[name, { timeout: previewTimeout(preview), required: preview.required }] as const] : [],
    ),
  );

const byId = (agents: readonly AgentEntry[]): ReadonlyMap<string, AgentEntry> =>
  new Map(agents.map((agent) => [agent.id, agent]));

interface RequestedTool {
  agent_id: string;
  tool_name: string;
  /** Which definition of the tool the run requests; null: not named. */
  tool_version: ToolVersion | null;
}

/**
 * Why the tool as it is here is not the one that was requested. Of a server's tool nothing but its gate is known here;
 * the executor compares the rest.
 */
function whyAnother(name: string, requested: ToolVersion | null, tool: ToolDefinition | Gate): string | undefined {
  if (requested === null) return `the request names no definition of "${name}"`;
  const changes = 'made_by' in tool ? changesSince(requested, tool) : changesOfGate(requested, tool);
  return changes.length > 0 ? `"${name}" is not the tool that was requested: ${changes.join(', ')}` : undefined;
}

const changesOfGate = (requested: ToolVersion, gate: Gate): string[] =>
  isGatedAsRequested(requested, { ...gate, made_by: madeBy(gate.approval) }) ? [] : ['how it is gated'];

type Known = Pick<ToolDefinition, 'approval' | 'requires' | 'user_input' | 'redact' | 'act_within' | 'presentation'> &
  Pick<Gate, 'parameters'>;

/** Of several declarations under one name the one that lets least be approved together. */
const riskiest = (all: readonly Presentation[]): Presentation | undefined =>
  all.toSorted((one, other) => worstRisk(other) - worstRisk(one))[0];

const worstRisk = ({ risk, environment }: Presentation): number =>
  Math.max(
    ...[risk, ...Object.values(environment?.values ?? {}).map((value) => value.risk ?? risk)].map((each) =>
      Risk.options.indexOf(each),
    ),
  );

const isGated = (known: Known): known is Gate => known.approval !== 'none';

const mayUse = ({ tools }: AgentEntry, server: string, tool: string): boolean =>
  tools.includes(`${server}/*`) && tool.startsWith(mcpToolName(server, ''));

/** Of a server's tool nothing but its gate is known here. */
const gatesAt = (server: McpServerEntry, called: string): Known[] =>
  entriesFor(server, called).map((gate) => ({ ...gate, parameters: null }));
