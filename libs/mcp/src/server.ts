import type { Log } from '@countersign/contracts';
import type { CallContext, Tool } from '@countersign/tool';
import {
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  type CallToolResult,
  type Tool as OfferedTool,
} from '@modelcontextprotocol/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { McpConnection, type McpEvents } from './connection.js';
import { neverArrived, reasonOf, textOf } from './result.js';
import { gatedTools, type Gates, type McpTool } from './tools.js';
import type { McpTarget } from './transport.js';

export type { Gate } from './tools.js';
export type { McpTarget } from './transport.js';

export type McpServerOptions = {
  /** Its tools are named `<name>__<tool>`. */
  name: string;
  /** What is not let through here, by name or by `*`, is not offered. */
  tools: Gates;
  /** Milliseconds for a call, and for connecting; 60,000 unless said otherwise. */
  timeout?: number;
} & McpTarget;

const firstDelay = 100;
const longestDelay = 5_000;

/**
 * An MCP server whose tools the runner calls. The tools are those of the first connection, whatever the server says
 * later; a lost connection is made anew by the next call.
 */
export class McpServer {
  readonly name: string;
  readonly #options: McpServerOptions;
  readonly #log: Log;
  readonly #timeout: number;
  readonly #closing = new AbortController();
  #offered: readonly OfferedTool[] = [];
  #tools: McpTool[] | undefined;
  #connection: McpConnection | undefined;
  #connecting: Promise<McpConnection> | undefined;
  #failures = 0;

  constructor(options: McpServerOptions, log: Log) {
    this.name = options.name;
    this.#options = options;
    this.#log = log;
    this.#timeout = options.timeout ?? 60_000;
  }

  /** Whether it was connected once, so that its tools are known. */
  get isKnown(): boolean {
    return this.#tools !== undefined;
  }

  get connected(): boolean {
    return this.#connection?.usable ?? false;
  }

  /**
   * Connects once, unless it is connected; waits first, the longer the more attempts have failed.
   *
   * @throws ConfigError when the tools do not fit the configuration, and an Error when the server cannot be reached.
   */
  async connect(): Promise<void> {
    await this.#connected(this.#closing.signal);
  }

  /** @throws until it has been connected. */
  tools(): Tool[] {
    if (!this.#tools) throw new Error(`What tools the MCP server ${this.name} has is known once it was connected`);
    return this.#tools.map(({ name, definition }) => ({
      definition,
      run: (args, context) => this.#run(name, args, context),
    }));
  }

  /** For good. Calls under way fail. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connecting?.catch(() => {});
    await this.#connection?.close();
  }

  async #run(tool: string, args: Record<string, unknown>, { signal }: CallContext): Promise<string> {
    const result = await this.#call(tool, args, signal);
    const text = textOf(result);
    if (result.isError) throw new Error(text || 'The call failed; the server does not say why.');
    return text || 'done';
  }

  /** A request that did not arrive is sent once more, over a new connection; any other is not. */
  async #call(tool: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallToolResult> {
    for (let again = true; ; again = false) {
      if (signal.aborted)
        throw this.#error('was not asked, since the call was dropped before; nothing was done', signal.reason);
      const connection = await this.#connected(signal).catch((error: unknown) => {
        throw this.#error(`cannot be reached: ${reasonOf(error)}; nothing was done`, error);
      });
      try {
        return await connection.call(tool, args, { signal, timeout: this.#timeout });
      } catch (error) {
        if (!again || !neverArrived(error) || signal.aborted) throw this.#failure(error, signal);
      }
    }
  }

  async #connected(signal: AbortSignal): Promise<McpConnection> {
    if (this.#closing.signal.aborted) throw new Error('it was closed');
    if (this.#connection?.usable) return this.#connection;
    this.#connecting ??= this.#open().finally(() => (this.#connecting = undefined));
    return unlessAborted(this.#connecting, signal);
  }

  async #open(): Promise<McpConnection> {
    const patience = { timeout: this.#timeout, signal: this.#closing.signal };
    if (this.#failures++ > 0) await sleep(delayAfter(this.#failures - 1), undefined, { signal: this.#closing.signal });
    const connection = await McpConnection.open(this.#options, this.#events, patience);
    try {
      this.#pin(await connection.tools(patience));
      patience.signal.throwIfAborted();
    } catch (error) {
      await connection.close();
      throw error;
    }
    this.#failures = 0;
    return (this.#connection = connection);
  }

  #pin(offered: readonly OfferedTool[]): void {
    if (!this.#tools) this.#tools = this.#gated(offered);
    else if (!isDeepStrictEqual(offered, this.#offered)) this.#events.toolsChanged();
    this.#offered = offered;
  }

  #gated(offered: readonly OfferedTool[]): McpTool[] {
    const { tools, leftOut } = gatedTools(this.name, offered, this.#options.tools);
    for (const tool of leftOut)
      this.#log.warn({ mcp_server: this.name, tool }, 'a tool of an MCP server is left out: it cannot be checked');
    return tools;
  }

  readonly #events: McpEvents = {
    said: (line) => this.#log.info({ mcp_server: this.name, line }, 'an MCP server says'),
    toolsChanged: () =>
      this.#log.warn(
        { mcp_server: this.name },
        'an MCP server has other tools now; its tools of the start stay in use',
      ),
    ended: () => {
      if (!this.#connection) return;
      this.#connection = undefined;
      if (this.#closing.signal.aborted) return;
      this.#log.warn(
        { mcp_server: this.name },
        'the connection to an MCP server is lost; the next call makes a new one',
      );
    },
  };

  /** Says what happened, and claims that nothing was done only where that is certain. */
  #failure(error: unknown, signal: AbortSignal): Error {
    const unknown = 'whether the call was made is not known';
    if (signal.aborted) return this.#error(`was told to drop the call; ${unknown}`, error);
    if (neverArrived(error)) return this.#error(`cannot be reached: ${reasonOf(error)}; nothing was done`, error);
    if (error instanceof ProtocolError) return this.#error(`answered with an error: ${reasonOf(error)}`, error);
    if (error instanceof SdkHttpError && error.status < 500)
      return this.#error(`refused the call with HTTP ${error.status}: ${reasonOf(error)}`, error);
    if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout)
      return this.#error(`did not answer within ${this.#timeout / 1_000} s; ${unknown}`, error);
    return this.#error(`broke off: ${reasonOf(error)}; ${unknown}`, error);
  }

  #error(what: string, cause: unknown): Error {
    return new Error(`MCP server ${this.name} ${what}`, { cause });
  }
}

const delayAfter = (failures: number): number =>
  Math.min(firstDelay * 2 ** (failures - 1), longestDelay) * (0.5 + Math.random() / 2);

/** What goes on is not interrupted, only waited for no longer. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
