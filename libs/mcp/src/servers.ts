import { ConfigError, type Log } from '@countersign/contracts';
import { withEnvironment, type McpServerEntry } from '@countersign/definitions';
import { setTimeout as delay } from 'node:timers/promises';
import type { McpServer, McpServerOptions } from './server.js';

export interface McpServersOptions {
  servers: readonly McpServerEntry[];
  /** What placeholders in their declarations stand for. */
  environment: Record<string, string | undefined>;
  /** How often a server that is out of reach is tried again, in milliseconds. */
  tryEvery?: number;
  log: Log;
}

/** How long a start waits for servers, in milliseconds. */
const patience = 10_000;

/** The MCP servers that a file declares, each of them connected as soon as it is there. */
export class McpServers {
  readonly #declared: readonly McpServerOptions[];
  readonly #tryEvery: number;
  readonly #log: Log;
  readonly #closing = new AbortController();
  #servers: readonly McpServer[] = [];
  #trying: Promise<unknown> | undefined;

  /** @throws ConfigError when a placeholder has no value. */
  constructor({ servers, environment, tryEvery = 5_000, log }: McpServersOptions) {
    this.#declared = servers.map((server) => optionsOf(server, environment));
    this.#tryEvery = tryEvery;
    this.#log = log;
  }

  /**
   * Connects to all; one that is not there after a while is not waited for any longer. The SDK takes megabytes, so it is
   * loaded only where there are servers.
   *
   * @throws ConfigError when a server does not fit what is declared.
   */
  async open(): Promise<void> {
    if (this.#declared.length === 0) return;
    const { McpServer } = await import('./server.js');
    this.#servers = this.#declared.map((options) => new McpServer(options, this.#log));
    const first = Promise.all(this.#servers.map((server) => this.#connect(server)));
    await Promise.race([first, delay(patience, undefined, { signal: this.#closing.signal, ref: false })]);
  }

  /** Tries those that were never connected again and again. @param known is told of each that is at last. */
  keepTrying(known: () => void): void {
    this.#trying = Promise.all(this.#servers.map((server) => this.#keepTrying(server, known)));
    this.#trying.catch((error: unknown) => this.#log.error({ err: error }, 'an MCP server does not fit'));
  }

  /** Whose tools are known. */
  get known(): McpServer[] {
    return this.#servers.filter((server) => server.isKnown);
  }

  /** Which were never connected. */
  get away(): McpServer[] {
    return this.#servers.filter((server) => !server.isKnown);
  }

  /** For good. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#servers.map((server) => server.close()));
    await this.#trying?.catch(() => {});
  }

  /** @returns whether the server is there now. */
  async #connect(server: McpServer): Promise<boolean> {
    try {
      await server.connect();
      return true;
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      if (!this.#closing.signal.aborted)
        this.#log.warn({ err: error, server: server.name }, 'an MCP server is out of reach, trying again');
      return false;
    }
  }

  async #keepTrying(server: McpServer, known: () => void): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted && !server.isKnown) {
      await delay(this.#tryEvery, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted && (await this.#connect(server))) known();
    }
  }
}

function optionsOf(server: McpServerEntry, environment: McpServersOptions['environment']): McpServerOptions {
  const resolved = (values: Record<string, string>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, withEnvironment(value, environment)]));
  const { name, tools } = server;
  if ('url' in server) return { name, tools, url: server.url, headers: resolved(server.headers) };
  const { command, args, env, working_directory: cwd } = server;
  return { name, tools, command, args, env: resolved(env), ...(cwd !== undefined && { cwd }) };
}
