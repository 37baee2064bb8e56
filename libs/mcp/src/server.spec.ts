import type { Log } from '@countersign/contracts';
import { ConfigError } from '@countersign/contracts/problems';
import { annotationsOf } from '@countersign/definitions';
import type { CallContext } from '@countersign/tool';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  givenServer,
  mcpServerProgram as program,
  pagingServer,
  startHttp,
  type HttpServer,
} from '@countersign/testing/mcp-server';
import type { McpServerOptions } from './options.js';
import { McpServer } from './server.js';
import type { Gate } from './tools.js';
import type { McpTarget } from './transport.js';

const none: Gate = { approval: 'none', user_input: [], redact: [] };
const required: Gate = { ...none, approval: 'required' };
const soon = { timeout: 10_000, interval: 10 };
const context = (signal = new AbortController().signal): CallContext => ({
  id: 'execution-1',
  run_id: 'run-1',
  tool_call_id: 'call-1',
  attempt: 1,
  signal,
  progress() {},
});

let logged: string[];
const open: McpServer[] = [];
beforeEach(() => void (logged = []));
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const note = (fields: object, message: string) =>
  void logged.push(`${message}: ${(fields as { line?: string }).line ?? ''}`);
const log: Log = { info: note, warn: note, error: note };

const stdio = { command: process.execPath, args: [program], env: {} };
type Settings = Partial<Pick<McpServerOptions, 'tools' | 'timeoutMs' | 'trustsReadOnlyHint' | 'leavesOutDestructive'>>;

function serverWith(settings: Settings = {}, target: McpTarget = stdio): McpServer {
  const server = new McpServer({ name: 'given', tools: { '*': none }, ...settings, ...target }, log);
  open.push(server);
  return server;
}

async function connected(settings: Settings = {}, target: McpTarget = stdio): Promise<McpServer> {
  const server = serverWith(settings, target);
  await server.connect();
  return server;
}

const at = ({ url }: HttpServer, headers = {}): McpTarget => ({ url, headers });

const call = (server: McpServer, name: string, args = {}, signal?: AbortSignal): Promise<string> =>
  server.tools().find(({ definition }) => definition.name === `given__${name}`)!.run!(args, context(signal));

const names = (server: McpServer) => server.tools().map(({ definition }) => definition.name);

const fewer = (...offered: string[]) => ({ tools: Object.fromEntries(offered.map((name) => [name, none])) });

describe('the tools of an MCP server', () => {
  it('are offered with its name before theirs, what it says of them, and what the configuration asks of them', async () => {
    const server = await connected({ tools: { echo: { ...required, redact: ['words'], max_output: 500 } } });
    expect(server.connected).toBe(true);
    expect(server.tools().map(({ definition }) => definition)).toEqual([
      {
        name: 'given__echo',
        description: 'Says it again.',
        parameters: expect.objectContaining({ type: 'object', properties: { words: { type: 'string' } } }),
        approval: 'required',
        requires: 'confirmation',
        user_input: [],
        redact: ['words'],
        max_output: 500,
        made_by: 'executor',
        effect: expect.any(String),
        annotations: annotationsOf('given', { readOnlyHint: true }),
      },
    ]);
  });

  it('are gated by name, else by *, whatever the server says of how harmless they are', async () => {
    const http = await startHttp(() => pagingServer(['look', 'erase']));
    const server = await connected({ tools: { '*': required, look: none } }, at(http));
    expect(server.tools().map(({ definition }) => [definition.name, definition.approval, definition.requires])).toEqual(
      [
        ['given__look', 'none', null],
        ['given__erase', 'required', 'confirmation'],
      ],
    );
    await server.close();
    await http.stop();
  });

  it('wait for a confirmation when an approval is recorded or required, unless they wait for something else', async () => {
    const asked: Gate = { ...required, requires: 'user_input', user_input: ['words'] };
    const server = await connected({ tools: { echo: asked, fail: { ...none, approval: 'audit' } } });
    expect(server.tools().map(({ definition }) => definition.requires)).toEqual(['user_input', 'confirmation']);
  });

  it('are only those that the configuration lets through', async () => {
    expect(names(await connected(fewer('echo', 'fail')))).toEqual(['given__echo', 'given__fail']);
  });

  it('are collected from every page of the list', async () => {
    const http = await startHttp(() => pagingServer(['one', 'two', 'three']));
    const server = await connected({}, at(http));
    expect(names(server)).toEqual(['given__one', 'given__two', 'given__three']);
    await server.close();
    await http.stop();
  });

  it('have names and descriptions that a model can be given', async () => {
    expect(names(await connected(fewer('two.lines')))).toEqual(['given__two_lines']);
    const [tool] = (await connected(fewer('two_lines'))).tools();
    expect(tool!.definition.description).toMatch(/^x{3999}…$/);
  });

  it.each<[string, Record<string, Gate>, RegExp]>([
    [
      'two have one name for a model',
      { '*': none },
      /two tools are named "given__two_lines".*"two.lines".*"two_lines"/s,
    ],
    [
      'one that is named does not exist',
      { ...fewer('echo').tools, ehco: required },
      /has no tool "ehco"; it has echo, /,
    ],
    ['one has no such parameter', { echo: { ...none, redact: ['word'] } }, /echo: redact names "word".*\(words\)/s],
    [
      'somebody else would have to make the calls',
      { echo: { ...none, requires: 'external_execution' } },
      /echo: requires external_execution/,
    ],
  ])('are refused when %s', async (_, tools, reason) => {
    const server = serverWith({ tools });
    await expect(server.connect()).rejects.toThrow(reason);
    await expect(serverWith({ tools }).connect()).rejects.toThrow(ConfigError);
    expect(server.connected).toBe(false);
    expect(() => server.tools()).toThrow('once it was connected');
  });

  it('are those that the server has once it says that they have changed', async () => {
    const server = await connected({ tools: { '*': required, learn: none }, leavesOutDestructive: true });
    const renewed = vi.fn<() => void>();
    server.onRenewed = renewed;
    const before = names(server);
    await call(server, 'learn');
    await vi.waitFor(() => expect(renewed).toHaveBeenCalledOnce(), soon);
    expect(names(server)).toEqual([...before, 'given__learned']);
    expect(logged.join()).toContain('the tools of an MCP server have changed');
  });

  it('are those that the server comes back with, and one that it lacks stays and is named', async () => {
    let offered = ['one', 'two'];
    const http = await startHttp(() => pagingServer(offered));
    const server = await connected({ tools: { '*': none } }, at(http));
    offered = ['one', 'three'];
    http.forget();
    expect(await call(server, 'one')).toBe('one');
    expect(names(server)).toEqual(['given__one', 'given__three', 'given__two']);
    expect(server.problem).toContain('lacks given__two,');
    await server.close();
    await http.stop();
  });

  it('stay what they were when the server comes back with some that do not fit, which are not called', async () => {
    const schemas: Record<string, string[]> = { pay: ['to', 'secret'], look: [] };
    const http = await startHttp(() => pagingServer(['pay', 'look'], undefined, schemas));
    const server = await connected({ tools: { pay: { ...required, redact: ['secret'] }, look: none } }, at(http));
    const [before, known] = [server.tools().map(({ definition }) => definition), server.known('given__pay')];
    expect(known).toBeDefined();
    schemas['pay'] = ['to', 'password'];
    http.forget();
    expect(await call(server, 'look')).toBe('look');
    expect(server.tools().map(({ definition }) => definition)).toEqual(before);
    expect(server.known('given__pay'), 'whatever it is called with would be shown').toBeUndefined();
    expect(logged.join()).toContain('do not fit');
    expect(server.problem).toContain('given__pay');
    await server.close();
    await http.stop();
  });
});

describe('a tool that needs no approval by the word of its server', () => {
  it('is called no more once the server has taken that back, until somebody approves', async () => {
    let readOnlyHint = true;
    const http = await startHttp(() => pagingServer(['look'], { readOnlyHint }));
    const server = await connected({ tools: { '*': required }, trustsReadOnlyHint: true }, at(http));
    expect(await call(server, 'look')).toBe('look');
    readOnlyHint = false;
    http.forget();
    const given = server.tools()[0]!.run!;
    const refused = /look does more than read, so it needs an approval/;
    await expect(given({}, context())).rejects.toThrow(refused);
    // A run that was given it when it only read finds the tool of now under its name.
    expect(server.tools()[0]!.definition.approval).toBe('required');
    await expect(call(server, 'look')).rejects.toThrow(refused);
    expect(http.calls).toBe(1);
    await server.close();
    await http.stop();
  });

  it('is not called either where such tools are left out by then', async () => {
    let readOnlyHint = true;
    const http = await startHttp(() => pagingServer(['look'], { readOnlyHint }));
    const trusting = { tools: { '*': required }, trustsReadOnlyHint: true, leavesOutDestructive: true };
    const server = await connected(trusting, at(http));
    readOnlyHint = false;
    http.forget();
    await expect(call(server, 'look')).rejects.toThrow(/nothing was done/);
    expect(await server.ask('given__look', new AbortController().signal)).toBeUndefined();
    expect(http.calls).toBe(0);
    await server.close();
    await http.stop();
  });
});

describe("a call of an MCP server's tool", () => {
  it('is answered with its lines of text', async () => {
    const server = await connected(fewer('echo', 'two.lines'));
    expect(await call(server, 'echo', { words: 'hello' })).toBe('hello');
    expect(await call(server, 'two_lines')).toBe('one\ntwo');
  });

  it('is answered with JSON when there is no text, and with a description of what is neither', async () => {
    const server = await connected(fewer('measure', 'draw'));
    expect(await call(server, 'measure')).toBe('{"celsius":21}');
    expect(await call(server, 'draw')).toBe(
      '[image: image/png, 1234 bytes]\n[resource: file:///notes]\na note\n[link: plan, file:///plan]',
    );
  });

  it('fails with what the server says when the tool failed', async () => {
    const server = await connected(fewer('fail', 'echo'));
    await expect(call(server, 'fail')).rejects.toThrow(/^the disk is full$/);
    await expect(call(server, 'echo', { words: 1 })).rejects.toThrow(/words/);
  });

  it('is cancelled at the server when it is aborted, and what came of it is called unknown', async () => {
    const server = await connected(fewer('wait'));
    const cancel = new AbortController();
    const failure = call(server, 'wait', {}, cancel.signal).catch((error: unknown) => error);
    await vi.waitFor(() => expect(logged).toContain('message of an MCP server: waiting'), soon);
    cancel.abort();
    expect(String(await failure)).toContain('whether the call was made is not known');
    await vi.waitFor(() => expect(logged).toContain('message of an MCP server: cancelled'), soon);
  });

  it('that was aborted before is not made', async () => {
    const http = await startHttp();
    const server = await connected(fewer('echo'), at(http));
    await expect(call(server, 'echo', { words: 'hello' }, AbortSignal.abort())).rejects.toThrow('nothing was done');
    expect(http.calls).toBe(0);
    await server.close();
    await http.stop();
  });

  it('is not waited for longer than the timeout', async () => {
    const http = await startHttp();
    const server = await connected({ tools: { wait: { ...none, timeout: 1 }, echo: none } }, at(http));
    await expect(call(server, 'wait')).rejects.toThrow(
      'given did not answer within 1 s; whether the call was made is not',
    );
    expect(await call(server, 'echo', { words: 'still there' })).toBe('still there');
    await server.close();
    await http.stop();
  });

  it('is waited for as long as there is progress', async () => {
    const server = await connected({ tools: { work: { ...none, timeout: 1 } } });
    const news: unknown[] = [];
    const watch = {
      timeoutMs: 1_000,
      signal: new AbortController().signal,
      progress: (each: unknown) => news.push(each),
    };
    expect(await server.call('work', {}, watch)).toEqual({ type: 'answered', text: 'done', isError: false });
    expect(news).toContainEqual({ percent: 50, message: 'step 2' });
  });

  it('can be preceded by a question what the server has now', async () => {
    const offered = ['one'];
    const http = await startHttp(() => pagingServer(offered));
    const server = await connected({ tools: { '*': required } }, at(http));
    const { signal } = new AbortController();
    expect(await server.ask('given__two', signal)).toBeUndefined();
    offered.push('two');
    expect(server.known('given__two')).toBeUndefined();
    expect(await server.ask('given__two', signal)).toMatchObject({ name: 'two', timeout: 300 });
    expect(server.known('given__two')).toBeDefined();
    offered.push('two');
    expect(await server.ask('given__two', signal), 'which of both is not known').toBeUndefined();
    await server.close();
    await http.stop();
  });

  it('has terms before the server was ever there', () => {
    const server = serverWith({ tools: { 'two.lines': { ...required, timeout: 7 }, echo: none } });
    expect(server.termsOf('given__two_lines')).toMatchObject({ timeout: 7, terms: { semantics: 'at_most_once' } });
    expect(['given__echo', 'given__other', 'two_lines'].map((name) => server.termsOf(name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a program that is an MCP server', () => {
  it('is given the declared environment and a PATH, and nothing else of this process', async () => {
    process.env['MCP_SPEC_SECRET'] = 'secret';
    const server = await connected(fewer('environment'), { ...stdio, env: { REGION: 'eu' } });
    const environment = JSON.parse(await call(server, 'environment')) as Record<string, string>;
    delete process.env['MCP_SPEC_SECRET'];
    expect(environment).toEqual({ PATH: process.env['PATH'], REGION: 'eu' });
  });

  it('is started anew by the next call when it has died', async () => {
    const server = await connected(fewer('process'));
    const first = await call(server, 'process');
    process.kill(Number(first), 'SIGKILL');
    await vi.waitFor(() => expect(server.connected).toBe(false), soon);
    expect(logged.join()).toContain('the connection to an MCP server is lost');
    const second = await call(server, 'process');
    expect(second).not.toBe(first);
    expect(server.connected).toBe(true);
  });

  it('leaves unknown what came of the call in which it dies', async () => {
    const server = await connected(fewer('die', 'echo'));
    await expect(call(server, 'die')).rejects.toThrow(/given broke off: .*; whether the call was made is not known/);
    expect(await call(server, 'echo', { words: 'back' })).toBe('back');
  });

  it('is started once for all the calls that need it', async () => {
    const server = await connected(fewer('process'));
    process.kill(Number(await call(server, 'process')), 'SIGKILL');
    await vi.waitFor(() => expect(server.connected).toBe(false), soon);
    const pids = await Promise.all([call(server, 'process'), call(server, 'process'), call(server, 'process')]);
    expect(new Set(pids).size).toBe(1);
  });

  it('ends when it is closed, and nothing is called any more', async () => {
    const server = await connected(fewer('process'));
    const pid = Number(await call(server, 'process'));
    await server.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(call(server, 'process')).rejects.toThrow('given cannot be reached: it was closed; nothing was done');
  });

  it('that never answers does not hold up a stop', async () => {
    const server = serverWith({}, { ...stdio, args: ['-e', 'process.stdin.resume()'] });
    const connecting = server.connect().catch((error: unknown) => error);
    await server.close();
    expect(await connecting).toBeInstanceOf(Error);
  });

  it('says why it cannot be started', async () => {
    await expect(serverWith({}, { ...stdio, command: '/no/such/program' }).connect()).rejects.toThrow('ENOENT');
  });
});

describe('an MCP server behind HTTP', () => {
  let http: HttpServer;
  beforeEach(async () => void (http = await startHttp()));
  afterEach(() => http.stop());

  it('is sent the declared headers', async () => {
    await connected(fewer('echo'), at(http, { authorization: 'Bearer a token' }));
    expect(http.headers.every(({ authorization }) => authorization === 'Bearer a token')).toBe(true);
  });

  it('is given a new session when it has forgotten the old one, and the call is made once', async () => {
    const server = await connected(fewer('echo'), at(http));
    http.forget();
    expect(await call(server, 'echo', { words: 'again' })).toBe('again');
    expect(http.calls).toBe(1);
  });

  it('leaves unknown what came of a call whose answer breaks off', async () => {
    const server = await connected(fewer('wait', 'echo'), at(http));
    const failure = call(server, 'wait').catch((error: unknown) => error);
    await vi.waitFor(() => expect(http.calls).toBe(1), soon);
    http.breakOff();
    expect(String(await failure)).toMatch(/given broke off: .*; whether the call was made is not known/);
    expect(await call(server, 'echo', { words: 'back' })).toBe('back');
  });

  it('that is down fails calls, of which nothing was done, until it is up again', async () => {
    const server = await connected(fewer('echo'), at(http));
    await http.stop();
    const hello = () => call(server, 'echo', { words: 'hello' });
    // What goes out on a socket that is just being closed may have arrived; the one after that finds nobody.
    await expect(hello()).rejects.toThrow(/nothing was done|is not known/);
    await expect(hello()).rejects.toThrow(/^MCP server given cannot be reached: .*ECONNREFUSED.*; nothing was done$/);
    expect(server.connected).toBe(false);
    http = await startHttp(givenServer, Number(new URL(http.url).port));
    expect(await hello()).toBe('hello');
  });
});
