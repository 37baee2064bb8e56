import type { Log } from '@countersign/contracts';
import { ConfigError } from '@countersign/contracts/problems';
import { jitteredBackoffMs, type Millis } from '@countersign/contracts/time';
import { withEnvironment, type McpServerEntry } from '@countersign/definitions';
import { KnownSecrets, maskOf } from '@countersign/definitions/masking';
import { Credentials, tokenOf } from '@countersign/outbound';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { McpServerOptions } from './options.js';
import type { McpServer } from './server.js';

export interface McpServersOptions {
  servers: readonly McpServerEntry[];
  /** What placeholders in their declarations stand for. */
  environment: Record<string, string | undefined>;
  /** Gets to know what servers are shown; default: they are known here alone. */
  secrets?: KnownSecrets;
  /** How often a server that is out of reach is tried again. */
  tryEveryMs?: Millis;
  /** How soon one that is not declared any more is let go of. */
  retireAfterMs?: Millis;
  log: Log;
}

const retireAfterMs: Millis = 60_000;

/** How many times longer the wait for a server grows, while it does not get better. */
const longestWait = 12;

/** How long a start waits for servers. */
const patienceMs = 10_000;

/** The MCP servers that a file declares, each of them connected as soon as it is there. */
export class McpServers {
  readonly #options: McpServersOptions;
  readonly #declared: readonly McpServerOptions[];
  readonly #tryEveryMs: Millis;
  readonly #log: Log;
  readonly #closing = new AbortController();
  #servers: readonly McpServer[] = [];
  /** Those that are not declared any more, and that calls may still be under way with. */
  #former = new Set<McpServer>();
  #trying: Promise<unknown> | undefined;

  /** @throws ConfigError when a placeholder has no value. */
  constructor(options: McpServersOptions) {
    const { servers, environment, secrets = new KnownSecrets(), tryEveryMs = 5_000, log } = options;
    this.#options = options;
    this.#declared = servers.map((server) => optionsOf(server, environment, secrets));
    this.#tryEveryMs = tryEveryMs;
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
    const patience = delay(patienceMs, undefined, { signal: this.#closing.signal, ref: false });
    await Promise.race([first, patience.catch(() => {})]);
  }

  /**
   * Those of other declarations: one that is declared as before goes on as it is. Nothing is connected to yet.
   *
   * @throws ConfigError when a placeholder has no value
   */
  async next(servers: readonly McpServerEntry[]): Promise<McpServers> {
    const { servers: before, log } = this.#options;
    if (isDeepStrictEqual(servers, before)) return this;
    const next = new McpServers({ ...this.#options, servers });
    if (servers.length === 0) return next;
    const { McpServer } = await import('./server.js');
    next.#servers = servers.map((entry, n) => {
      const same = before.findIndex((each) => isDeepStrictEqual(each, entry));
      return this.#servers[same] ?? new McpServer(next.#declared[n]!, log);
    });
    return next;
  }

  /**
   * From now on in the place of others: connects to what is new, and lets go of what is not declared any more.
   *
   * @param known as of `keepTrying`
   */
  takeOver(former: McpServers, known: () => void): void {
    if (former === this) return;
    former.#closing.abort();
    this.#former = new Set([...former.#former, ...former.#servers]);
    for (const server of this.#servers) this.#former.delete(server);
    for (const server of this.#former) void this.#retire(server);
    this.#trying = Promise.all(
      this.#servers.map(async (server) => {
        if (!former.#servers.includes(server)) await this.#better(server, known);
        await this.#keepTrying(server, known);
      }),
    );
  }

  /** Closes it once no call is under way: whoever was given it before has a while to begin one. */
  async #retire(server: McpServer): Promise<void> {
    const { signal } = this.#closing;
    do await delay(this.#options.retireAfterMs ?? retireAfterMs, undefined, { signal, ref: false }).catch(() => {});
    while (server.isBusy && !signal.aborted);
    // Otherwise whoever is in the place of these sees to it.
    if (signal.aborted || !this.#former.delete(server)) return;
    await server.close();
  }

  /**
   * Tries those whose tools cannot be relied on again and again, each time later: those that were never connected, those
   * that do not fit what is declared, and those whose last list lacks what it had.
   *
   * @param known is called with each that connects at last or has other tools; when it throws, what the server has does not fit.
   */
  keepTrying(known: () => void): void {
    this.#trying = Promise.all(this.#servers.map((server) => this.#keepTrying(server, known)));
  }

  /** @throws what is wrong with those whose tools cannot be relied on now. */
  async check(): Promise<void> {
    const problems = this.#servers.flatMap(({ name, problem }) => (problem === undefined ? [] : `${name}: ${problem}`));
    if (problems.length > 0) throw new Error(problems.join('; '));
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
    await Promise.all([...this.#servers, ...this.#former].map((server) => server.close()));
    await this.#trying?.catch(() => {});
  }

  /** @returns whether the server is there now. */
  async #connect(server: McpServer): Promise<boolean> {
    try {
      await server.connect();
      return true;
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      this.#isAway(server, error);
      return false;
    }
  }

  #isAway(server: McpServer, error: unknown): void {
    if (this.#closing.signal.aborted) return;
    const context = { reason: server.explain(error), mcp_server: server.name };
    if (error instanceof ConfigError)
      this.#log.error(context, 'an MCP server is not compatible with its definition, retrying with backoff');
    else this.#log.warn(context, 'an MCP server is unreachable, retrying with backoff');
  }

  async #keepTrying(server: McpServer, known: () => void): Promise<void> {
    const { signal } = this.#closing;
    server.onRenewed = () => {
      try {
        if (!signal.aborted) known();
      } catch (error) {
        this.#isAway(server, error);
      }
    };
    for (let failures = 0; !signal.aborted;) {
      const wait = { first_ms: this.#tryEveryMs, longest_ms: this.#tryEveryMs * longestWait };
      await delay(jitteredBackoffMs(wait, failures), undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      if (server.problem !== undefined) await this.#better(server, known);
      failures = server.problem === undefined ? 0 : failures + 1;
    }
  }

  async #better(server: McpServer, known: () => void): Promise<void> {
    const isNew = !server.isKnown;
    try {
      if (isNew) await server.connect();
      if (!isNew || !server.isKnown) await server.refresh();
    } catch (error) {
      return this.#isAway(server, error);
    }
    if (!isNew) return;
    try {
      known();
    } catch (error) {
      this.#isAway(server, error);
      server.forget(server.explain(error));
    }
  }
}

function optionsOf(
  server: McpServerEntry,
  env: McpServersOptions['environment'],
  secrets: KnownSecrets,
): McpServerOptions {
  secrets.addAll(server, env);
  const now = (values: Record<string, string>) => () =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, withEnvironment(value, env, secrets)]));
  const { name, tools, trust_read_only_hint: trustsReadOnlyHint, leave_out_destructive: leavesOutDestructive } = server;
  const common = { name, tools, mask: maskOf(secrets.list), trustsReadOnlyHint, leavesOutDestructive };
  if ('url' in server) {
    const [headers, tokens] = [now(server.headers), server.token && tokenOf(server.token, { env, secrets })];
    return { ...common, url: server.url, headers: headers(), credentials: new Credentials(headers, tokens) };
  }
  const { command, args, working_directory: cwd } = server;
  const given = now(server.env);
  const target = { command, args, env: given(), ...(cwd !== undefined && { cwd }) };
  return { ...common, ...target, credentials: new Credentials(given) };
}
