import type { Millis } from '@countersign/contracts/time';
import {
  Client,
  ProtocolError,
  StreamableHTTPClientTransport,
  type CallToolResult,
  type Tool,
  type Transport,
} from '@modelcontextprotocol/client';
import { isLost, StreamEnded } from './result.js';
import { streamEnded, transportTo, type McpTarget } from './transport.js';

export interface McpEvents {
  /** The server wrote a line to its standard error. */
  onLog(line: string): void;
  /** The connection broke, was abandoned or was closed. */
  ended(): void;
  /** The server says that it has other tools now. */
  toolsChanged(): void;
}

/** How long an answer may take, and what ends the wait before; the names are the SDK's. */
export interface Patience {
  timeout: Millis;
  signal: AbortSignal;
}

/** News of a call that is being made. */
export type OnProgress = (progress: {
  progress: number;
  total?: number | undefined;
  message?: string | undefined;
}) => void;

interface CallOptions extends Patience {
  onProgress: OnProgress;
  execution?: { id: string; attempt: number } | undefined;
}

/** Before the names of what a request says besides its arguments. */
const meta = 'countersign/';
const farewellMs = 1_000;
/** Of several words within that time that its tools have changed the last counts. */
const gatherMs = 300;
/** However often a server says that it is still at it. */
const longestCallMs = 86_400_000;

/** One connection to a server. A lost one is never mended; another takes its place. */
export class McpConnection {
  readonly #client: Client;
  readonly #transport: Transport;
  readonly #events: McpEvents;
  #calls = 0;
  #usable = true;

  private constructor(client: Client, transport: Transport, events: McpEvents) {
    this.#client = client;
    this.#transport = transport;
    this.#events = events;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is no event target
    client.onclose = () => this.#end();
  }

  /** Connects and shakes hands. */
  static async open(
    target: McpTarget,
    shown: () => Record<string, string>,
    events: McpEvents,
    patience: Patience,
  ): Promise<McpConnection> {
    const onChanged = () => events.toolsChanged();
    const listChanged = { tools: { autoRefresh: false, debounceMs: gatherMs, onChanged } };
    const client = new Client({ name: 'countersign', version: '0.1.0' }, { listChanged });
    const transport = transportTo(target, shown, (line) => events.onLog(line));
    await client.connect(transport, patience);
    return new McpConnection(client, transport, events);
  }

  get usable(): boolean {
    return this.#usable && this.#client.transport !== undefined;
  }

  /** All the tools, from every page. */
  async tools(patience: Patience): Promise<Tool[]> {
    return (await this.#client.listTools(undefined, { ...patience, cacheMode: 'bypass' })).tools;
  }

  /** News begin the patience anew. */
  async call(
    name: string,
    args: Record<string, unknown>,
    { onProgress, execution, ...patience }: CallOptions,
  ): Promise<CallToolResult> {
    this.#calls++;
    const options = { onprogress: onProgress, resetTimeoutOnProgress: true, maxTotalTimeout: longestCallMs };
    try {
      const _meta = execution && { [`${meta}execution-id`]: execution.id, [`${meta}attempt`]: execution.attempt };
      const request = { method: 'tools/call' as const, params: { name, arguments: args, ...(_meta && { _meta }) } };
      return await this.#client.request(request, { ...patience, ...options });
    } catch (thrown) {
      const error =
        thrown instanceof ProtocolError && thrown.code === streamEnded ? new StreamEnded(thrown.message) : thrown;
      if (isLost(error)) this.#end();
      throw error;
    } finally {
      if (--this.#calls === 0 && !this.#usable) void this.#client.close().catch(() => {});
    }
  }

  /** Takes no more calls, and ends with those under way. */
  retire(): void {
    this.#usable = false;
    if (this.#calls === 0) void this.#client.close().catch(() => {});
  }

  /** Says goodbye to an HTTP session, or ends the program; whatever is under way is aborted. */
  async close(): Promise<void> {
    this.#end();
    const transport = this.#transport;
    if (transport instanceof StreamableHTTPClientTransport)
      await Promise.race([
        transport.terminateSession().catch(() => {}),
        new Promise((resolve) => setTimeout(resolve, farewellMs).unref()),
      ]);
    await this.#client.close();
  }

  /** Takes no more calls; those under way go on. */
  #end(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#events.ended();
  }
}
