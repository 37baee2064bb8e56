import type { Log } from '@countersign/contracts';
import { ConfigError } from '@countersign/contracts/problems';
import { millisOf } from '@countersign/contracts/time';
import { McpServers, type McpServer, type McpTool } from '@countersign/mcp';
import { loadToolModules, type CallableTool } from '@countersign/tool';
import { isDeepStrictEqual } from 'node:util';
import { FunctionAdapter } from '../adapters/function/function.js';
import { McpAdapter } from '../adapters/mcp/mcp.js';
import type { AdapterContext } from '../adapters/adapter.js';
import { nothing } from '../execution/begin.js';
import type { Tool, Tools } from './tool.js';
import { termsOf, type Declared } from './tools.js';

const byWorker = { made_by: 'worker', can_reconcile: false } as const;

/**
 * All tools that the executor knows: of the file, of tool modules and of MCP servers. A call of any other is refused,
 * approved or not.
 */
export class ToolCatalogue implements Tools {
  #declared: Declared;
  #tools: Map<string, Tool>;
  /** Of modules, whose code is loaded once. */
  #functions: readonly (readonly [string, Tool])[] = [];
  /** What was closed with the last reload may still be making calls. */
  readonly #former: Tool[] = [];
  #context: AdapterContext | undefined;
  #servers: McpServers;

  /** @param tools those of the file. @throws ConfigError naming a variable that is not set. */
  constructor(declared: Declared, tools: ReadonlyMap<string, Tool>, log: Log) {
    this.#declared = declared;
    this.#tools = new Map(tools);
    const { definitions, scope } = declared;
    const { env: environment, secrets } = scope;
    this.#servers = new McpServers({ servers: definitions.mcp_servers, environment, secrets, log });
  }

  /** Loads tool modules, and connects to MCP servers; one that is away is tried until it is there. @throws ConfigError */
  async open(): Promise<void> {
    const { path, tool_modules } = this.#declared.definitions;
    const modules = await loadToolModules(tool_modules);
    this.#functions = modules.map((tool) => [tool.definition.name, this.#function(tool)] as const);
    this.#tools = this.#all(this.#tools, path);
    await this.#servers.open();
    this.#servers.keepTrying(() => {});
  }

  /** Has the adapters open what they need, such as the topics of replies. */
  begin(context: AdapterContext): void {
    this.#context = context;
    for (const { adapter } of this.#tools.values()) adapter?.open?.(context);
  }

  /**
   * Makes what follows from other definitions, whose modules are the same. A tool that is declared as before
   * goes on as it is; another has an adapter of its own, and calls that were begun end with the former one.
   *
   * @param make the tools of the file
   * @returns what has them count
   * @throws ConfigError
   */
  async prepare(next: Declared, make: (declared: Declared) => ReadonlyMap<string, Tool>): Promise<() => void> {
    const servers = await this.#servers.next(next.definitions.mcp_servers);
    const before = new Map(this.#declared.definitions.tools.map((entry) => [entry.name, entry]));
    const same = new Set(
      next.definitions.tools.flatMap((entry) => (isDeepStrictEqual(before.get(entry.name), entry) ? entry.name : [])),
    );
    const kept = (name: string, tool: Tool) => (same.has(name) && this.#tools.get(name)) || tool;
    const own = new Map([...make(next)].map(([name, tool]) => [name, kept(name, tool)]));
    const tools = this.#all(own, next.definitions.path);
    return () => {
      const former = [...this.#tools.values()].filter((tool) => !new Set(tools.values()).has(tool));
      const added = [...tools.values()].filter((tool) => !new Set(this.#tools.values()).has(tool));
      this.#former.push(...former);
      servers.takeOver(this.#servers, () => {});
      [this.#declared, this.#tools, this.#servers] = [next, tools, servers];
      if (this.#context) for (const { adapter } of added) adapter?.open?.(this.#context);
    };
  }

  /** @throws ConfigError */
  #all(own: ReadonlyMap<string, Tool>, path: string): Map<string, Tool> {
    const all = new Map(own);
    for (const [name, tool] of this.#functions) {
      if (all.has(name)) throw new ConfigError(`${path}: two tools are named "${name}"; rename one of them`);
      all.set(name, tool);
    }
    return all;
  }

  /** @throws what is wrong with MCP servers whose tools cannot be relied on now. */
  checkServers(): Promise<void> {
    return this.#servers.check();
  }

  async close(): Promise<void> {
    const all = [...this.#tools.values(), ...this.#former];
    await Promise.all([this.#servers.close(), ...all.map(({ adapter }) => adapter?.close?.())]);
  }

  get(name: string): Tool | undefined {
    return this.#tools.get(name) ?? this.#ofServer(name);
  }

  names(): string[] {
    const served = this.#servers.known.flatMap((server) => server.tools());
    const all = [
      ...[...this.#tools.values()].map(({ definition }) => definition!),
      ...served.map((tool) => tool.definition),
    ];
    return all.filter(({ made_by }) => made_by === 'executor').map(({ name }) => name);
  }

  #function({ definition, run, terms, timeout }: CallableTool): Tool {
    if (definition.made_by !== 'executor') return { definition, terms: () => nothing };
    const { config, scope } = this.#declared;
    const seconds = timeout ?? config.EXECUTION_TIMEOUT_SECONDS;
    const adapter = new FunctionAdapter({ run, timeoutMs: millisOf(seconds), maxOutput: definition.max_output });
    return { definition, adapter, ...termsOf(terms, byWorker, scope) };
  }

  #ofServer(name: string): Tool | undefined {
    for (const server of this.#servers.known) {
      const tool = server.known(name);
      if (tool) return this.#served(server, tool);
    }
    for (const server of [...this.#servers.known, ...this.#servers.away]) {
      const terms = server.termsOf(name);
      if (terms) return this.#missing(server, name, terms);
    }
    return undefined;
  }

  /** One bad list must not be the end of a call: it is waited for until its decision holds no more. */
  #missing(server: McpServer, name: string, { terms }: Pick<McpTool, 'terms'>): Tool {
    server.miss(name);
    const unavailable = `the MCP server ${server.name} does not have ${name} now: ${server.problem ?? 'it is queried again'}`;
    return { definition: undefined, unavailable, ...termsOf(terms, byWorker, this.#declared.scope) };
  }

  #served(server: McpServer, { definition, terms }: McpTool): Tool {
    if (definition.made_by !== 'executor') return { definition, terms: () => nothing };
    const { scope } = this.#declared;
    const adapter = new McpAdapter({ server, maxOutput: definition.max_output });
    return { definition, adapter, isCheckedByAdapter: true, ...termsOf(terms, byWorker, scope) };
  }
}
