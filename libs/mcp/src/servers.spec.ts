import type { Log } from '@countersign/contracts';
import type { McpServerEntry } from '@countersign/definitions';
import { TermsEntry } from '@countersign/definitions/execute';
import { KnownSecrets } from '@countersign/definitions/masking';
import { mcpServerProgram, pagingServer, startHttp, type HttpServer } from '@countersign/testing/mcp-server';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { McpServers } from './servers.js';

const soon = { timeout: 10_000, interval: 5 };
const required = {
  approval: 'required' as const,
  requires: 'confirmation' as const,
  user_input: [],
  redact: [],
  max_output: 20_000,
  timeout: 300,
  execute: TermsEntry.parse({}),
};
const secret = 'hunter2-hunter2';

let logged: string[];
let opened: { close(): Promise<void> }[];
let offered: string[];
let http: HttpServer;
beforeEach(async () => {
  [logged, opened, offered] = [[], [], ['look', 'erase']];
  http = await startHttp(() => pagingServer(offered));
});
afterEach(async () => {
  await Promise.all(opened.map((servers) => servers.close()));
  await http.stop();
});

const note = (fields: object, message: string) => void logged.push(`${message}: ${JSON.stringify(fields)}`);
const log: Log = { info: note, warn: note, error: note };

function serversOf(entry: Partial<McpServerEntry>, tryEveryMs = 5): McpServers {
  const declared = { name: 'far', tools: { '*': required }, url: http.url, headers: {}, ...entry } as McpServerEntry;
  const servers = new McpServers({ servers: [declared], environment: { TOKEN: secret }, tryEveryMs, log });
  opened.push(servers);
  return servers;
}
const problemOf = (servers: McpServers): Promise<string | undefined> =>
  servers.check().then(
    () => undefined,
    (error: Error) => error.message,
  );
const asking = () => new AbortController().signal;

describe('an MCP server', () => {
  it('that comes late and does not fit is asked again until it does, and the problem is reported', async () => {
    const port = Number(new URL(http.url).port);
    await http.stop();
    const servers = serversOf({ tools: { look: required, erase: required } });
    await servers.open();
    expect(await problemOf(servers)).toMatch(/^far: .*ECONNREFUSED/);
    const known = vi.fn();
    servers.keepTrying(known);
    offered = ['look'];
    http = await startHttp(() => pagingServer(offered), port);
    await expect.poll(() => problemOf(servers), soon).toMatch(/^far: .*it has no tool "erase"/s);
    expect(known).not.toHaveBeenCalled();
    offered.push('erase');
    await expect.poll(() => problemOf(servers), soon).toBeUndefined();
    expect(known).toHaveBeenCalledOnce();
    expect(logged.join()).toContain('is not compatible with its definition');
  });

  it('that does not fit those who use it is asked again, over the same connection', async () => {
    const port = Number(new URL(http.url).port);
    await http.stop();
    const servers = serversOf({});
    await servers.open();
    servers.keepTrying(() => {
      const names = servers.known[0]!.tools().map(({ definition }) => definition.name);
      if (!names.includes('far__mend')) throw new Error('no agent can do without far__mend');
    });
    http = await startHttp(() => pagingServer(offered), port);
    await expect.poll(() => problemOf(servers), soon).toBe('far: no agent can do without far__mend');
    offered.push('mend');
    await expect.poll(() => problemOf(servers), soon).toBeUndefined();
    expect(servers.known).toHaveLength(1);
  });

  it('whose list lacks a tool once is asked for it again, without anybody who calls', async () => {
    const servers = serversOf({});
    await servers.open();
    servers.keepTrying(() => {});
    offered.splice(1);
    const server = servers.known[0]!;
    expect(await server.ask('far__erase', asking())).toBeUndefined();
    expect(await problemOf(servers)).toBe(
      'far: its last list lacks far__erase, or has it in a form that cannot be checked',
    );
    offered.push('erase');
    await expect.poll(() => server.known('far__erase'), soon).toBeDefined();
    expect(await problemOf(servers)).toBeUndefined();
  });

  it('is asked for what it never had, while somebody misses it', async () => {
    const servers = serversOf({});
    await servers.open();
    servers.keepTrying(() => {});
    servers.known[0]!.miss('far__mend');
    expect(await problemOf(servers)).toContain('lacks far__mend');
    offered.push('mend');
    await expect.poll(() => servers.known[0]!.known('far__mend'), soon).toBeDefined();
    await expect.poll(() => problemOf(servers), soon).toBeUndefined();
  });
});

describe('MCP servers of another file', () => {
  it('take the place of those before: one that is declared as before goes on, one that is not ends its calls', async () => {
    const tools = { work: required };
    const entry = (name: string) =>
      ({ name, tools, command: process.execPath, args: [mcpServerProgram], env: {} }) as unknown as McpServerEntry;
    const options = { environment: {}, tryEveryMs: 20, retireAfterMs: 5, log };
    const first = new McpServers({ ...options, servers: [entry('kept'), entry('dropped')] });
    await first.open();
    const [kept, dropped] = first.known;
    const watch = { timeoutMs: 20_000, signal: asking(), progress() {} };
    const long = dropped!.call('work', {}, watch);
    await expect.poll(() => dropped!.isBusy, soon).toBe(true);
    expect(await first.next([entry('kept'), entry('dropped')])).toBe(first);
    const second = await first.next([entry('added'), entry('kept')]);
    opened.push(second);
    const known = vi.fn();
    second.takeOver(first, known);
    await expect.poll(() => second.known.map(({ name }) => name), soon).toEqual(['added', 'kept']);
    expect(second.known[1]).toBe(kept);
    expect(known).toHaveBeenCalledOnce();
    expect(await long).toMatchObject({ type: 'answered', text: 'done' });
    await expect.poll(() => dropped!.connected, soon).toBe(false);
    expect(await dropped!.call('work', {}, watch)).toMatchObject({ type: 'not_sent' });
    expect(kept!.connected).toBe(true);
  });
});

describe('what an MCP server is shown', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-mcp-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'token');
  const watch = () => ({ timeoutMs: 5_000, signal: asking(), progress() {} });
  const open = async (entry: Partial<McpServerEntry>, secrets = new KnownSecrets()) => {
    const declared = {
      name: 'far',
      tools: { '*': required },
      trust_read_only_hint: false,
      leave_out_destructive: false,
      ...entry,
    } as McpServerEntry;
    const servers = new McpServers({ servers: [declared], environment: { TOKEN_FILE: file }, secrets, log });
    opened.push(servers);
    await servers.open();
    return servers.known[0]!;
  };

  it('is what the file says by then, over the same session, and a secret before and after', async () => {
    writeFileSync(file, 'the-first-token');
    const server = await open({ url: http.url, headers: { authorization: 'Bearer {{env.TOKEN}}' } });
    await server.call('look', {}, watch());
    const before = http.headers.length;
    writeFileSync(file, 'the-second-token');
    await server.call('look', {}, watch());
    const [one, two] = [http.headers.slice(0, before), http.headers.slice(before)];
    expect(new Set(one.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer the-first-token']));
    expect(two).toMatchObject([{ authorization: 'Bearer the-second-token' }]);
    expect(two[0]!['mcp-session-id']).toBe(one.at(-1)!['mcp-session-id']);
    expect(server.explain(new Error('the-first-token or the-second-token'))).toBe('*** or ***');
  });

  it('is a new token when it takes the old one no more, whether it is asked, called or connected to', async () => {
    const print = `process.stdout.write(require('fs').readFileSync(${JSON.stringify(file)}))`;
    const token = { command: process.execPath, args: ['-e', print], env: {}, keep: 60 };
    const renew = (name: string) => {
      writeFileSync(file, name);
      http.takes(`Bearer ${name}`);
    };
    renew('token-1');
    const server = await open({ url: http.url, headers: {}, token });
    renew('token-2');
    expect(await server.call('look', {}, watch())).toMatchObject({ type: 'answered' });
    renew('token-3');
    expect(await server.ask('far__look', asking())).toBeDefined();
    renew('token-4');
    http.forget();
    expect(await server.call('look', {}, watch())).toMatchObject({ type: 'answered' });
    expect(http.calls).toBe(2);
    http.takes('Bearer of somebody else');
    expect(await server.call('look', {}, watch())).toMatchObject({ type: 'refused' });
    expect(http.calls).toBe(2);
  });

  it('is given to a program that is started anew, while the former one ends what it has begun', async () => {
    writeFileSync(file, 'the-first-token');
    const env = { TOKEN: '{{env.TOKEN}}' };
    const tools = { work: required, environment: required, process: required };
    const server = await open({ command: process.execPath, args: [mcpServerProgram], env, tools });
    const long = server.call('work', {}, watch());
    await expect.poll(() => server.connected, soon).toBe(true);
    const secrets = (text: string) => text.match(/"TOKEN":"[^"]*"/)?.[0];
    const environment = async () => {
      const said = await server.call('environment', {}, watch());
      return said.type === 'answered' ? secrets(said.text) : said.type;
    };
    expect(await environment()).toBe('"TOKEN":"***"');
    const process1 = await server.call('process', {}, watch());
    writeFileSync(file, 'the-second-token');
    expect(await environment()).toBe('"TOKEN":"***"');
    expect(await server.call('process', {}, watch())).not.toEqual(process1);
    expect(await long).toMatchObject({ type: 'answered', text: 'done' });
  });

  it('goes to no other server, whatever redirects say', async () => {
    const another = await startHttp();
    const lures = createServer((_, reply) => void reply.writeHead(307, { location: another.url }).end());
    await once(lures.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(async () => void (lures.close(), await another.stop()));
    const servers = serversOf({
      url: `http://127.0.0.1:${(lures.address() as AddressInfo).port}/mcp`,
      headers: { authorization: 'Bearer {{env.TOKEN}}' },
    });
    await servers.open();
    expect(await problemOf(servers)).toContain('far: ');
    expect(another.headers).toEqual([]);
  });

  it('has to be there: without it nothing is sent', async () => {
    writeFileSync(file, 'the-first-token');
    const server = await open({ url: http.url, headers: { authorization: 'Bearer {{env.TOKEN}}' } });
    rmSync(file);
    expect(await server.call('look', {}, watch())).toMatchObject({ type: 'not_sent' });
    expect(http.calls).toBe(0);
  });
});

describe('what an MCP server says', () => {
  const script = `
    const token = process.env.TOKEN;
    console.error('x'.repeat(1_995) + token);
    const say = (message) => console.log(JSON.stringify({ jsonrpc: '2.0', ...message }));
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method, params } = JSON.parse(line);
      if (method === 'initialize')
        say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } } });
      else if (method === 'tools/list')
        say({ id, result: { tools: ['say', 'refuse'].map((name) => ({ name, inputSchema: { type: 'object' } })) } });
      else if (method === 'tools/call' && params.name === 'refuse')
        say({ id, error: { code: -32000, message: 'x'.repeat(400) + token } });
      else if (method === 'tools/call') {
        say({ method: 'notifications/progress', params: { progressToken: params._meta.progressToken, progress: 1, message: 'as ' + token } });
        setTimeout(say, 50, { id, result: { content: [{ type: 'text', text: 'it is ' + token }] } });
      }
    });`;

  it('has no secret in it that the server was given, nor half of one, wherever it is said', async () => {
    const program = { command: process.execPath, args: ['-e', script], env: { TOKEN: '{{env.TOKEN}}' } };
    const servers = new McpServers({
      servers: [
        {
          name: 'near',
          tools: { '*': required },
          trust_read_only_hint: false,
          leave_out_destructive: false,
          ...program,
        },
      ],
      environment: { TOKEN: secret },
      log,
    });
    opened.push(servers);
    await servers.open();
    const news: unknown[] = [];
    const watch = { timeoutMs: 5_000, signal: asking(), progress: (each: unknown) => void news.push(each) };
    const server = servers.known[0]!;
    const said = [await server.call('say', {}, watch), await server.call('refuse', {}, watch)];
    expect(said).toMatchObject([{ type: 'answered', text: 'it is ***' }, { type: 'refused' }]);
    expect(news).toEqual([{ message: 'as ***' }]);
    await expect.poll(() => logged.join(), soon).toContain('message of an MCP server');
    expect(JSON.stringify([said, news, logged])).not.toContain('hunt');
  });
});
