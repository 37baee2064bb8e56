import type { Log } from '@countersign/contracts';
import { ConfigError } from '@countersign/contracts/problems';
import { type EpochMillis, after, millisOf, type Seconds, type Millis } from '@countersign/contracts/time';
import {
  agentOf,
  toolDefinitionOf,
  type Agent,
  type AgentEntry,
  type Definitions,
  type ToolDefinition,
} from '@countersign/definitions';
import { McpServers } from '@countersign/mcp';
import { loadToolModules, nameClashes, type Tool, type ToolFunction } from '@countersign/tool';

export interface AgentsOptions {
  definitions: Definitions;
  /** For agents that name no model. */
  model: string;
  /** What placeholders in the declarations of MCP servers stand for. */
  environment: Record<string, string | undefined>;
  /** How often an MCP server that is out of reach is tried again. */
  tryEveryMs?: Millis;
  now(): EpochMillis;
  log: Log;
}

/** Of an agent whose model is asked elsewhere. */
const noModel = 'none';

/** Of a server's tools an external agent has those that there is something to ask of. */
const isGated = ({ approval }: ToolDefinition): boolean => approval !== 'none';

/** The agents that runs can start with, and the functions of their tools. */
export class Agents {
  readonly #options: AgentsOptions;
  #definitions: Definitions;
  #servers: McpServers;
  #agents = new Map<string, Agent>();
  /** Why an agent is not complete yet. */
  #missing = new Map<string, string>();
  /** Of modules, whose code is loaded once. */
  #modules: readonly Tool[] = [];
  #functions = new Map<string, ToolFunction>();

  /** @throws ConfigError when a placeholder has no value. */
  constructor(options: AgentsOptions) {
    this.#options = options;
    this.#definitions = options.definitions;
    this.#servers = new McpServers({ ...options, servers: options.definitions.mcp_servers });
  }

  /**
   * Loads the tools that are functions. An agent with tools of an MCP server that is out of reach becomes complete when
   * the server is there.
   *
   * @throws ConfigError when an agent names a tool that there is not, or a tool does not fit.
   */
  async load(): Promise<void> {
    this.#modules = await loadToolModules(this.#definitions.tool_modules);
    await this.#servers.open();
    this.#assemble();
    this.#servers.keepTrying(() => this.#assemble());
  }

  /**
   * Makes what follows from other definitions, whose modules are the same. An agent with tools of a server that is new
   * becomes complete when it is there.
   *
   * @returns what has them count
   * @throws ConfigError
   */
  async prepare(definitions: Definitions): Promise<() => void> {
    const servers = await this.#servers.next(definitions.mcp_servers);
    refuse(definitions, this.#assembled(definitions, servers).problems);
    return () => {
      const former = this.#servers;
      // By now a server may have other tools.
      const next = this.#assembled(definitions, servers);
      [this.#definitions, this.#servers] = [definitions, servers];
      servers.takeOver(former, () => this.#assemble());
      [this.#agents, this.#missing, this.#functions] = [next.agents, next.missing, next.functions];
    };
  }

  all(): Agent[] {
    return [...this.#agents.values()];
  }

  /** Whether runs of it are accepted, be it complete now or not. */
  has(id: string): boolean {
    return this.#definitions.agents.some((agent) => agent.id === id);
  }

  /** Of an agent that runs elsewhere, whose credentials may ask in its name; undefined for one that runs here. */
  callersOf(id: string): readonly string[] | undefined {
    const entry = this.#definitions.agents.find((agent) => agent.id === id);
    return entry?.external ? (entry.callers ?? []) : undefined;
  }

  /** Whether the external agent that asks for a call of this tool makes it. */
  isMadeByCaller(tool: string): boolean {
    return this.#definitions.tools.some(({ name, execute }) => name === tool && execute?.caller !== undefined);
  }

  ids(): string[] {
    return this.#definitions.agents.map(({ id }) => id);
  }

  get(id: string): Agent | undefined {
    return this.#agents.get(id);
  }

  /** Why an agent that exists cannot work now. */
  missing(id: string): string | undefined {
    return this.#missing.get(id);
  }

  functionOf(tool: string): ToolFunction | undefined {
    return this.#functions.get(tool);
  }

  /** When a run that starts now ends at the latest; the sooner of what agent and request say. */
  deadlineFor(id: string, seconds: Seconds | undefined): EpochMillis | null {
    const ofAgent = this.#definitions.agents.find((agent) => agent.id === id)?.deadline_in;
    const soonest = Math.min(ofAgent ?? Infinity, seconds ?? Infinity);
    return Number.isFinite(soonest) ? after(this.#options.now(), millisOf(soonest)) : null;
  }

  /** @throws what is wrong with MCP servers whose tools cannot be relied on now. */
  checkServers(): Promise<void> {
    return this.#servers.check();
  }

  close(): Promise<void> {
    return this.#servers.close();
  }

  /** What was complete once stays so. */
  #assemble(): void {
    const { agents, missing, functions, problems } = this.#assembled(this.#definitions);
    this.#agents = new Map([...this.#agents, ...agents]);
    this.#missing = missing;
    this.#functions = functions;
    refuse(this.#definitions, problems);
  }

  #assembled({ agents: entries, tools: declared }: Definitions, servers = this.#servers) {
    const own = [...declared.map((entry) => ({ definition: toolDefinitionOf(entry) })), ...this.#modules];
    const served = servers.known.flatMap((server) => server.tools());
    const tools = new Map<string, Tool>([...served, ...own].map((tool) => [tool.definition.name, tool]));
    const functions = new Map([...tools].flatMap(([name, { run }]) => (run ? [[name, run] as const] : [])));
    const clashes = nameClashes([
      ...own.map(({ definition }) => ({ name: definition.name, origin: 'this project' })),
      ...served.map(({ definition }) => ({ name: definition.name, origin: 'an MCP server' })),
    ]);
    const found = { agents: new Map<string, Agent>(), missing: new Map<string, string>(), servers };
    const problems = entries.flatMap((entry) => this.#assembleAgent(entry, tools, found));
    const { agents, missing } = found;
    return { agents, missing, functions, problems: [...clashes, ...problems] };
  }

  /** @returns what is wrong with it for good. */
  #assembleAgent(
    entry: AgentEntry,
    tools: ReadonlyMap<string, Tool>,
    { agents, missing, servers }: { agents: Map<string, Agent>; missing: Map<string, string>; servers: McpServers },
  ): string[] {
    const { model = this.#options.model, tools: names, external, callers: _, instructions = '', ...fields } = entry;
    const found = names.map((name) => ({ name, tools: named(name, tools, servers) }));
    const absent = found.filter((each) => each.tools === undefined).map(({ name }) => name);
    const away = servers.away.map(({ name }) => name);
    const hopeless = absent.filter((name) => !away.some((server) => name.startsWith(server)));
    if (absent.length > 0) {
      missing.set(
        entry.id,
        hopeless.length > 0
          ? `there is no tool ${hopeless.join(', ')}`
          : `the MCP server of ${absent.join(', ')} is out of reach (${away.join(', ')})`,
      );
      return hopeless.map(
        (name) =>
          `agent "${entry.id}" names the tool "${name}", and there is none; there is: ${[...tools.keys()].join(', ')}`,
      );
    }
    const definitions = found.flatMap((each) => each.tools ?? []).map(({ definition }) => definition);
    const unique = [...new Map(definitions.map((tool) => [tool.name, tool])).values()];
    const agent = external
      ? { ...fields, instructions, model: noModel, external: true as const, tools: unique.filter(isGated) }
      : { ...fields, instructions, model, tools: unique };
    const ungated = unique.filter(({ name, approval }) => external && approval === 'none' && names.includes(name));
    agents.set(entry.id, agentOf(agent));
    return ungated.map(
      ({ name }) =>
        `agent "${entry.id}" is external, and its tool "${name}" needs no approval: there is nothing to ask`,
    );
  }
}

/** The tool of this name, or all of a server for `server/*`. */
function named(name: string, tools: ReadonlyMap<string, Tool>, { known }: McpServers): Tool[] | undefined {
  if (!name.endsWith('/*')) {
    const tool = tools.get(name);
    return tool && [tool];
  }
  return known.find((server) => `${server.name}/*` === name)?.tools();
}

/** @throws ConfigError */
function refuse({ path }: Definitions, problems: readonly string[]): void {
  if (problems.length > 0) throw new ConfigError(`${path}:\n  ${problems.join('\n  ')}`);
}
