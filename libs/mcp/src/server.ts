import type { Log } from '@countersign/contracts';
import { jitteredBackoffMs, millisOf, type Millis } from '@countersign/contracts/time';
import { mcpToolName } from '@countersign/definitions';
import type { Mask } from '@countersign/definitions/masking';
import type { CallableTool, CallContext } from '@countersign/tool';
import type { Tool as OfferedTool } from '@modelcontextprotocol/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { McpConnection, type McpEvents, type OnProgress } from './connection.js';
import { Credentials, type Shown } from '@countersign/outbound';
import { MissedTools } from './missed-tools.js';
import { McpOutcomes, type McpOutcome } from './outcome.js';
import type { McpServerOptions, McpWatch } from './options.js';
import { isUnauthorized, neverArrived, reasonOf } from './result.js';
import { ToolList } from './tool-list.js';
import { termsOf, type McpTool } from './tools.js';
import { unlessAborted } from './unless-aborted.js';

/** Characters of a line that a server writes to its standard error. */
const longestLine = 2_000;
const backoff = { first_ms: 100, longest_ms: 5_000 };

/**
 * An MCP server whose tools are called. A model sees those of the last list that fits its declaration, and those that a later
 * list lacks; a lost connection is made anew by the next call.
 */
export class McpServer {
  readonly name: string;
  readonly #options: McpServerOptions;
  readonly #log: Log;
  readonly #timeoutMs: Millis;
  readonly #mask: Mask;
  readonly #outcomes: McpOutcomes;
  readonly #closing = new AbortController();
  readonly #credentials: Credentials;
  #shown: Shown | undefined;
  readonly #list: ToolList;
  #connection: McpConnection | undefined;
  #connecting: Promise<McpConnection> | undefined;
  readonly #missed = new MissedTools();
  #lastFailure: string | undefined;
  #failures = 0;
  #calls = 0;
  #isStale = false;
  #isRenewing = false;
  /** Called when it has other tools than before. */
  onRenewed: () => void = () => {};

  constructor(options: McpServerOptions, log: Log) {
    this.name = options.name;
    this.#options = options;
    this.#log = log;
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.#mask = options.mask ?? ((text) => text);
    this.#outcomes = new McpOutcomes(options.name, this.#mask);
    this.#list = new ToolList(options, log, (error) => this.explain(error));
    this.#credentials =
      options.credentials ?? new Credentials(() => ('url' in options ? options.headers : options.env));
  }

  /** Whether it was connected once, so that its tools are known. */
  get isKnown(): boolean {
    return this.#list.tools !== undefined;
  }

  /** Whether a call is under way. */
  get isBusy(): boolean {
    return this.#calls > 0;
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
  tools(): CallableTool[] {
    const { tools } = this.#list;
    if (!tools) throw new Error(`What tools the MCP server ${this.name} has is known once it was connected`);
    return tools.map((tool) => ({ ...tool, run: (args, context) => this.#run(tool, args, context) }));
  }

  /** Why its tools cannot be relied on now, for people; undefined when they can. */
  get problem(): string | undefined {
    const { tools } = this.#list;
    if (!tools) return this.#lastFailure ?? 'it was not reached yet';
    const missing = [...tools.map(({ definition }) => definition.name), ...this.#missed.names].filter(
      (name) => this.known(name) === undefined,
    );
    if (missing.length === 0) return undefined;
    return `its last list lacks ${[...new Set(missing)].join(', ')}, or has it in a form that cannot be checked`;
  }

  /** This tool is needed, but the last list lacks it: until it is there, the server has a problem. */
  miss(name: string): void {
    this.#missed.add(name);
  }

  /** Forgets the tools that it had at first, since they do not fit; calls under way go on. */
  forget(reason: string): void {
    this.#lastFailure = reason;
    this.#list.forget();
  }

  /** What happened, in words that may be logged. */
  explain(error: unknown): string {
    return reasonOf(error, this.#mask);
  }

  /** The tool that models call by this name, as it was in the last list of the server. */
  known(name: string): McpTool | undefined {
    return this.#list.known(name);
  }

  /** The same as the server has it now. @throws when it is out of reach. */
  async ask(name: string, signal: AbortSignal): Promise<McpTool | undefined> {
    await this.refresh(signal);
    return this.known(name);
  }

  /** Asks for the list of tools anew. @throws when the server is out of reach. */
  async refresh(signal: AbortSignal = this.#closing.signal): Promise<void> {
    const offered = await this.#showingOthers(async () =>
      (await this.#connected(signal)).tools({ timeout: this.#timeoutMs, signal }),
    );
    this.#take(offered);
    this.#missed.forget((name) => this.known(name) !== undefined);
  }

  /** On which terms a tool of this name would be called, should the server have it; undefined: not at all. */
  termsOf(name: string): Pick<McpTool, 'timeout' | 'terms'> | undefined {
    const { tools } = this.#options;
    const named = Object.keys(tools).find((tool) => tool !== '*' && mcpToolName(this.name, tool) === name);
    const gate = name.startsWith(mcpToolName(this.name, '')) ? tools[named ?? '*'] : undefined;
    return gate && gate.approval !== 'none' ? termsOf(gate) : undefined;
  }

  /** For good. Calls under way fail. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connecting?.catch(() => {});
    await this.#connection?.close();
  }

  async #run(
    { name, timeout, definition }: McpTool,
    args: Record<string, unknown>,
    { signal, progress }: CallContext,
  ): Promise<string> {
    // It is made without an approval, and what its server said when a run was given the tool may have freed it.
    const obstacle = () => {
      if ((this.#list.approvalOf(name) ?? definition.approval) === 'none') return undefined;
      return `has declared since that ${name} does more than read, so it needs an approval; nothing was done`;
    };
    const outcome = await this.call(name, args, { signal, progress, obstacle, timeoutMs: millisOf(timeout) });
    if (outcome.type !== 'answered') throw new Error(outcome.reason);
    if (outcome.isError) throw new Error(outcome.text);
    return outcome.text;
  }

  /**
   * Calls a tool, by its name at the server. A request that did not arrive is sent once more, over a new connection, and one
   * that was not taken for what it showed, when there is something else to show; any other is not.
   */
  async call(tool: string, args: Record<string, unknown>, watch: McpWatch): Promise<McpOutcome> {
    this.#calls += 1;
    return this.#call(tool, args, watch).finally(() => (this.#calls -= 1));
  }

  async #call(tool: string, args: Record<string, unknown>, watch: McpWatch): Promise<McpOutcome> {
    const { signal, timeoutMs } = watch;
    const tried = { arriving: false, showing: false };
    for (;;) {
      if (signal.aborted) return this.#outcomes.notSent('was not called: the call was aborted first; nothing was done');
      let connection: McpConnection;
      try {
        connection = await this.#connected(signal);
      } catch (error) {
        return this.#outcomes.notSent(`cannot be reached: ${this.explain(error)}; nothing was done`);
      }
      const shown = this.#shown;
      const obstacle = watch.obstacle?.();
      if (obstacle !== undefined) return this.#outcomes.notSent(obstacle);
      try {
        const onProgress: OnProgress = (progress) => watch.progress(this.#outcomes.progress(progress));
        const { execution } = watch;
        return this.#outcomes.answered(
          await connection.call(tool, args, { signal, timeout: timeoutMs, onProgress, execution }),
        );
      } catch (error) {
        const why = neverArrived(error) ? 'arriving' : 'showing';
        const isOver = signal.aborted || tried[why] || (why === 'showing' && !(await this.#showsOthers(error, shown)));
        if (isOver) return this.#outcomes.of(error, watch);
        tried[why] = true;
      }
    }
  }

  async #connected(signal: AbortSignal): Promise<McpConnection> {
    if (this.#closing.signal.aborted) throw new Error('it was closed');
    this.#show(await unlessAborted(this.#credentials.now(), signal));
    if (this.#connection?.usable) return this.#connection;
    this.#connecting ??= this.#showingOthers(() => this.#open())
      .catch((error: unknown) => {
        this.#lastFailure = this.explain(error);
        throw error;
      })
      .finally(() => (this.#connecting = undefined));
    return unlessAborted(this.#connecting, signal);
  }

  /** Shows from now on what there is to show by now: with the next request, or by starting a program anew. */
  #show(shown: Shown): void {
    if (isDeepStrictEqual(shown, this.#shown)) return;
    this.#shown = shown;
    if ('url' in this.#options) return;
    this.#connection?.retire();
    this.#connection = undefined;
  }

  /** Whether a server that did not take this is shown something else from now on. */
  async #showsOthers(error: unknown, shown: Shown | undefined): Promise<boolean> {
    const others = shown && isUnauthorized(error) ? await this.#credentials.instead(shown) : undefined;
    if (others) this.#show(others);
    return others !== undefined;
  }

  async #showingOthers<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(await this.#showsOthers(error, this.#shown))) throw error;
      return work();
    }
  }

  async #open(): Promise<McpConnection> {
    const patience = { timeout: this.#timeoutMs, signal: this.#closing.signal };
    if (this.#failures > 0)
      await sleep(jitteredBackoffMs(backoff, this.#failures - 1), undefined, { signal: this.#closing.signal });
    this.#failures++;
    const connection = await McpConnection.open(this.#options, () => this.#shown?.values ?? {}, this.#events, patience);
    try {
      this.#take(await connection.tools(patience));
      patience.signal.throwIfAborted();
    } catch (error) {
      await connection.close();
      throw error;
    }
    this.#failures = 0;
    this.#lastFailure = undefined;
    return (this.#connection = connection);
  }

  #take(offered: readonly OfferedTool[]): void {
    if (this.#list.take(offered)) this.onRenewed();
  }

  /** Again for what changes meanwhile. */
  async #renew(): Promise<void> {
    this.#isRenewing = true;
    while (this.#isStale && !this.#closing.signal.aborted) {
      this.#isStale = false;
      await this.refresh().catch((error: unknown) =>
        this.#log.warn(
          { mcp_server: this.name, reason: this.explain(error) },
          'the tools of an MCP server have changed and cannot be listed',
        ),
      );
    }
    this.#isRenewing = false;
  }

  readonly #events: McpEvents = {
    onLog: (line) =>
      this.#log.info(
        { mcp_server: this.name, line: this.#mask(line).slice(0, longestLine) },
        'message of an MCP server',
      ),
    toolsChanged: () => {
      this.#isStale = true;
      if (!this.#isRenewing) void this.#renew();
    },
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
}
