import type { Log } from '@countersign/contracts';
import { mcpToolName, type ToolDefinition } from '@countersign/definitions';
import type { Tool as OfferedTool } from '@modelcontextprotocol/client';
import { isDeepStrictEqual } from 'node:util';
import type { McpServerOptions } from './options.js';
import { gatedTool, gatedTools, gateOf, toolProblems, type McpTool, type ServerAt } from './tools.js';

/** What a server offers by its last list, and what of that models are given. */
export class ToolList {
  readonly #at: ServerAt;
  readonly #gates: McpServerOptions['tools'];
  readonly #log: Log;
  readonly #explain: (error: unknown) => string;
  #offered: readonly OfferedTool[] = [];
  #tools: readonly McpTool[] | undefined;

  constructor(options: McpServerOptions, log: Log, explain: (error: unknown) => string) {
    this.#at = { ...options, where: 'url' in options ? options.url : [options.command, ...options.args] };
    this.#gates = options.tools;
    this.#log = log;
    this.#explain = explain;
  }

  /** Those of the last list that fits, and those that it lacks; undefined before there was one. */
  get tools(): readonly McpTool[] | undefined {
    return this.#tools;
  }

  forget(): void {
    this.#tools = undefined;
    this.#offered = [];
  }

  /**
   * The server has these now.
   *
   * @returns whether models are given others than before
   * @throws ConfigError when the first list does not fit
   */
  take(offered: readonly OfferedTool[]): boolean {
    const before = this.#tools;
    if (before && isDeepStrictEqual(offered, this.#offered)) return false;
    this.#tools = before ? this.#renewed(before, offered) : this.#gated(offered);
    this.#offered = offered;
    return before !== undefined && !isDeepStrictEqual(before, this.#tools);
  }

  /** By the name under which models call it, as it is in the last list; one that does not fit is not known. */
  known(name: string): McpTool | undefined {
    const [found, another] = this.#offered.filter((tool) => mcpToolName(this.#at.name, tool.name) === name);
    if (another) return undefined;
    const gate = found && gateOf(this.#at, this.#gates, found);
    const tool = gate && gatedTool(this.#at, found, gate);
    return tool && toolProblems(tool).length === 0 ? tool : undefined;
  }

  /** How a tool, by its name at the server, is gated by the last list; undefined when that lacks it. */
  approvalOf(name: string): ToolDefinition['approval'] | undefined {
    const listed = this.#offered.find((tool) => tool.name === name);
    return listed && (gateOf(this.#at, this.#gates, listed)?.approval ?? 'required');
  }

  /** One that the list lacks stays, since one bad list must not be the end of a run. A list that does not fit changes nothing. */
  #renewed(before: readonly McpTool[], offered: readonly OfferedTool[]): McpTool[] {
    const about = { mcp_server: this.#at.name };
    try {
      const now = this.#gated(offered);
      this.#log.warn(about, 'the tools of an MCP server have changed');
      return [...now, ...before.filter(({ name }) => !now.some((tool) => tool.name === name))];
    } catch (error) {
      const reason = this.#explain(error);
      this.#log.error(
        { ...about, reason },
        'the tools of an MCP server have changed and do not fit: those of before stay',
      );
      return [...before];
    }
  }

  #gated(offered: readonly OfferedTool[]): McpTool[] {
    const { tools, leftOut } = gatedTools(this.#at, offered, this.#gates);
    for (const tool of leftOut)
      this.#log.warn({ mcp_server: this.#at.name, tool }, 'MCP tool skipped: its schema cannot be checked');
    return tools;
  }
}
