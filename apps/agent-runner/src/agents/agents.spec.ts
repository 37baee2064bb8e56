import { ConfigError } from '@countersign/contracts/problems';
import { readDefinitions } from '@countersign/definitions';
import { mcpServerProgram as program, pagingServer, startHttp, type HttpServer } from '@countersign/testing/mcp-server';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Agents, type AgentsOptions } from './agents.js';
import { now } from '../../test/run.fixtures.js';
import { silent, soon } from '../../test/runner.fixtures.js';

const library = JSON.stringify(join(import.meta.dirname, '../../../../libs/tool/src/define-tool.ts'));
const zod = JSON.stringify(import.meta.resolve('zod'));
const none = { approval: 'none' };
const fields = { name: 'Operations', instructions: 'Do what you are asked to.' };
const signal = new AbortController().signal;
const context = { id: 'call', run_id: 'run-1', tool_call_id: 'call-1', attempt: 1, signal, progress() {} };

let folder: string;
let open: Agents[];
let servers: HttpServer[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agents-'));
  [open, servers] = [[], []];
});
afterEach(async () => {
  await Promise.all(open.map((agents) => agents.close()));
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true });
});

/** JSON is YAML too. */
function given(file: object, options: Partial<AgentsOptions> = {}): Agents {
  const path = join(folder, 'countersign.yaml');
  writeFileSync(path, JSON.stringify(file));
  const definitions = readDefinitions(path);
  const agents = new Agents({
    definitions,
    model: 'gpt-5-mini',
    environment: {},
    tryEveryMs: 20,
    now: () => now,
    log: silent,
    ...options,
  });
  open.push(agents);
  return agents;
}
async function loaded(file: object, options: Partial<AgentsOptions> = {}): Promise<Agents> {
  const agents = given(file, options);
  await agents.load();
  return agents;
}
function module(name: string, ...tools: string[]): string {
  const lines = tools.map(
    (tool) =>
      `defineTool({ name: '${tool}', description: 'For ${tool}.', parameters: z.object({}), run: () => 'it was ${tool}' })`,
  );
  const text = `import { defineTool } from ${library};\nimport { z } from ${zod};\nexport default [${lines.join(', ')}];`;
  writeFileSync(join(folder, name), text);
  return name;
}
async function serve(...args: Parameters<typeof startHttp>): Promise<HttpServer> {
  const server = await startHttp(...args);
  servers.push(server);
  return server;
}
const namesOf = (agents: Agents, id: string) => agents.get(id)?.tools.map(({ name }) => name);
const deploy = { name: 'deploy', description: 'Deploys.', parameters: { type: 'object', properties: {} } };

describe('agents', () => {
  it('have the tools that their file names, its own, those of modules and those of MCP servers', async () => {
    const agents = await loaded({
      agents: [{ id: 'ops', ...fields, tools: ['look', 'deploy', 'given__echo'] }],
      tools: [deploy],
      tool_modules: [module('tools.ts', 'look', 'unused')],
      mcp_servers: [{ name: 'given', command: process.execPath, args: [program], tools: { echo: none } }],
    });
    const agent = agents.get('ops')!;
    expect(agent.tools.map(({ name, made_by, requires }) => [name, made_by, requires])).toEqual([
      ['look', 'runner', null],
      ['deploy', 'executor', 'external_execution'],
      ['given__echo', 'runner', null],
    ]);
    expect(await agents.functionOf('look')!({}, context)).toBe('it was look');
    expect(await agents.functionOf('given__echo')!({ words: 'hello' }, context)).toBe('hello');
    expect(agents.functionOf('deploy')).toBeUndefined();
    expect(agents.all()).toEqual([agent]);
    expect(agents.missing('ops')).toBeUndefined();
  });

  it('are those of another file at one moment, with the modules of the first, or stay as they were', async () => {
    const first = { agents: [{ id: 'ops', ...fields, tools: ['look', 'deploy'] }], tools: [deploy] };
    const agents = await loaded({ ...first, tool_modules: [module('tools.ts', 'look')] });
    const { version } = agents.get('ops')!;
    const read = (file: object) => {
      writeFileSync(join(folder, 'next.yaml'), JSON.stringify({ ...file, tool_modules: ['tools.ts'] }));
      return readDefinitions(join(folder, 'next.yaml'));
    };
    const wrong = { agents: [{ id: 'ops', ...fields, tools: ['look', 'nothing'] }] };
    await expect(agents.prepare(read(wrong))).rejects.toThrow('names the tool "nothing"');
    const takeOver = await agents.prepare(read({ agents: [{ id: 'other', ...fields, tools: ['look'] }] }));
    expect(agents.get('ops')!.version).toBe(version);
    takeOver();
    expect([agents.ids(), agents.get('ops'), namesOf(agents, 'other')]).toEqual([['other'], undefined, ['look']]);
    expect(await agents.functionOf('look')!({}, context)).toBe('it was look');
  });

  it('have the tools of the servers of another file, and of one that it declares as before go on as they are', async () => {
    const [near, far] = [await serve(() => pagingServer(['look'])), await serve(() => pagingServer(['erase']))];
    const entry = (name: string, { url }: HttpServer) => ({ name, url, tools: { '*': none } });
    const of = (...names: string[]) => names.map((name) => ({ id: `ops-${name}`, ...fields, tools: [`${name}/*`] }));
    const agents = await loaded({ agents: of('near'), mcp_servers: [entry('near', near)] });
    const called = agents.functionOf('near__look');
    const next = (file: object) => {
      writeFileSync(join(folder, 'next.yaml'), JSON.stringify(file));
      return readDefinitions(join(folder, 'next.yaml'));
    };
    const both = next({ agents: of('near', 'far'), mcp_servers: [entry('far', far), entry('near', near)] });
    await agents.prepare(both);
    expect([agents.ids(), far.headers.length]).toEqual([['ops-near'], 0]);
    (await agents.prepare(both))();
    expect(namesOf(agents, 'ops-near')).toEqual(['near__look']);
    expect(agents.has('ops-far')).toBe(true);
    await expect.poll(() => namesOf(agents, 'ops-far'), { timeout: 10_000 }).toEqual(['far__erase']);
    expect(near.headers.filter(({ 'mcp-session-id': session }) => session === undefined)).toHaveLength(1);
    (await agents.prepare(next({ agents: of('far'), mcp_servers: [entry('far', far)] })))();
    expect([namesOf(agents, 'ops-far'), agents.functionOf('near__look')]).toEqual([['far__erase'], undefined]);
    // What has begun goes on with the server that it began with.
    expect(await called!({}, context)).toEqual(expect.any(String));
  });

  it('have the tools that a server has by then, of another version if they are others', async () => {
    let offered = ['look'];
    const far = await serve(() => pagingServer(offered));
    const agents = await loaded({
      agents: [{ id: 'ops', ...fields, tools: ['far/*'] }],
      mcp_servers: [{ name: 'far', url: far.url, tools: { '*': { approval: 'required' }, look: none } }],
    });
    const [{ version }, look] = [agents.get('ops')!, agents.functionOf('far__look')!];
    offered = ['look', 'erase'];
    far.forget();
    expect(await look({}, context)).toBe('look');
    expect(namesOf(agents, 'ops')).toEqual(['far__look', 'far__erase']);
    expect(agents.get('ops')!.version).not.toBe(version);
    // The runner makes no call that needs an approval, whoever asks for it.
    await expect(agents.functionOf('far__erase')!({}, context)).rejects.toThrow('needs an approval');
    expect(far.calls).toBe(1);
  });

  it('have each tool of a server once when they name all of them and one of them', async () => {
    const { url } = await serve(() => pagingServer(['look', 'erase']));
    const agents = await loaded({
      agents: [{ id: 'ops', ...fields, tools: ['far__look', 'far/*'] }],
      mcp_servers: [{ name: 'far', url, tools: { '*': none } }],
    });
    expect(namesOf(agents, 'ops')).toEqual(['far__look', 'far__erase']);
  });

  it('work with the model of the configuration unless they name one', async () => {
    const agents = await loaded({
      agents: [
        { id: 'ops', ...fields },
        { id: 'big', ...fields, model: 'gpt-5' },
      ],
    });
    expect(agents.all().map(({ id, model }) => [id, model])).toEqual([
      ['ops', 'gpt-5-mini'],
      ['big', 'gpt-5'],
    ]);
    expect(agents.ids()).toEqual(['ops', 'big']);
    expect([agents.has('big'), agents.has('small')]).toEqual([true, false]);
  });

  it('are another version when a tool of theirs is described otherwise', async () => {
    const file = { agents: [{ id: 'ops', ...fields, tools: ['deploy'] }], tools: [deploy] };
    const before = (await loaded(file)).get('ops')!;
    expect((await loaded(file)).get('ops')!.version).toBe(before.version);
    const after = await loaded({ ...file, tools: [{ ...deploy, description: 'Deploys to production.' }] });
    expect(after.get('ops')!.version).not.toBe(before.version);
  });

  it('that name a tool that there is not are refused with those that there are', async () => {
    const agents = given({
      agents: [{ id: 'ops', ...fields, tools: ['look', 'lok'] }],
      tool_modules: [module('tools.ts', 'look')],
    });
    const refused = agents.load();
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow('agent "ops" names the tool "lok", and there is none; there is: look');
  });

  it('are refused when a tool of the file and one of a module have one name', async () => {
    const agents = given({
      agents: [{ id: 'ops', ...fields, tools: ['deploy'] }],
      tools: [deploy],
      tool_modules: [module('tools.ts', 'deploy')],
    });
    await expect(agents.load()).rejects.toThrow('two tools are named "deploy"');
  });

  it('are refused when a server does not fit what the file says of it', async () => {
    const { url } = await serve(() => pagingServer(['look']));
    const agents = given({
      agents: [{ id: 'ops', ...fields, tools: ['far/*'] }],
      mcp_servers: [{ name: 'far', url, tools: { erase: none } }],
    });
    await expect(agents.load()).rejects.toThrow('it has no tool "erase"; it has look');
  });
});

describe('an agent whose MCP server is out of reach', () => {
  /** An address at which nobody is, until somebody is. */
  async function address(): Promise<{ url: string; come(): Promise<HttpServer> }> {
    const server = await startHttp();
    await server.stop();
    return { url: server.url, come: () => serve(() => pagingServer(['look']), Number(new URL(server.url).port)) };
  }
  const file = (url: string) => ({
    agents: [
      { id: 'ops', ...fields, tools: ['far__look', 'deploy'] },
      { id: 'all', ...fields, tools: ['far/*'] },
      { id: 'near', ...fields, tools: ['deploy'] },
    ],
    tools: [deploy],
    mcp_servers: [{ name: 'far', url, tools: { '*': none } }],
  });

  it('takes runs and says what it misses, and the others work', async () => {
    const { url } = await address();
    const agents = await loaded(file(url));
    expect(agents.has('ops')).toBe(true);
    expect(agents.get('ops')).toBeUndefined();
    expect(agents.missing('ops')).toBe('the MCP server of far__look is out of reach (far)');
    expect(agents.missing('all')).toBe('the MCP server of far/* is out of reach (far)');
    expect(agents.missing('near')).toBeUndefined();
    expect(namesOf(agents, 'near')).toEqual(['deploy']);
    expect(agents.functionOf('far__look')).toBeUndefined();
  });

  it('is complete once the server comes', async () => {
    const { url, come } = await address();
    const agents = await loaded(file(url));
    await come();
    await expect.poll(() => namesOf(agents, 'ops'), soon).toEqual(['far__look', 'deploy']);
    expect(namesOf(agents, 'all')).toEqual(['far__look']);
    expect([agents.missing('ops'), agents.missing('all')]).toEqual([undefined, undefined]);
    expect(await agents.functionOf('far__look')!({}, context)).toBe('look');
  });

  it('is refused all the same for a tool that no server could have', async () => {
    const { url } = await address();
    const { agents, ...rest } = file(url);
    const tool_modules = [module('tools.ts', 'look')];
    const wrong = given({ ...rest, tool_modules, agents: [...agents, { id: 'typo', ...fields, tools: ['deploi'] }] });
    await expect(wrong.load()).rejects.toThrow('agent "typo" names the tool "deploi"');
  });

  it('stays incomplete when the server comes without its tool, and the others have theirs', async () => {
    const { url, come } = await address();
    const { agents: declared, ...rest } = file(url);
    const agents = await loaded({ ...rest, agents: [{ id: 'typo', ...fields, tools: ['far__lok'] }, ...declared] });
    await come();
    await expect.poll(() => namesOf(agents, 'all'), soon).toEqual(['far__look']);
    expect(agents.get('typo')).toBeUndefined();
    expect(agents.missing('typo')).toBe('there is no tool far__lok');
    expect(await agents.functionOf('far__look')!({}, context)).toBe('look');
  });

  it('does not keep a process from stopping', async () => {
    const { url } = await address();
    const agents = await loaded(file(url), { tryEveryMs: 3_600_000 });
    await agents.close();
  });
});

describe('the declaration of an MCP server', () => {
  it('takes secrets from the environment', async () => {
    const server = await serve(() => pagingServer(['look']));
    const headers = { authorization: 'Bearer {{env.TOKEN}}' };
    await loaded(
      { agents: [], mcp_servers: [{ name: 'far', url: server.url, headers, tools: { '*': none } }] },
      { environment: { TOKEN: 'secret' } },
    );
    expect(server.headers[0]!['authorization']).toBe('Bearer secret');
  });

  it('is refused when the environment does not have them', () => {
    const env = { TOKEN: '{{env.TOKEN}}' };
    const declared = { name: 'near', command: 'node', env, tools: { '*': none } };
    expect(() => given({ agents: [], mcp_servers: [declared] })).toThrow('The environment variable TOKEN is not set');
  });
});

describe('the deadline of a run', () => {
  it('is the sooner of what its agent and its request say', async () => {
    const agents = await loaded({
      agents: [
        { id: 'ops', ...fields, deadline_in: 60 },
        { id: 'slow', ...fields },
      ],
    });
    expect(agents.deadlineFor('ops', undefined)).toBe(now + 60_000);
    expect(agents.deadlineFor('ops', 30)).toBe(now + 30_000);
    expect(agents.deadlineFor('ops', 90)).toBe(now + 60_000);
    expect(agents.deadlineFor('slow', 30)).toBe(now + 30_000);
    expect(agents.deadlineFor('slow', undefined)).toBeNull();
  });
});
