import { readConfig } from '@countersign/service';
import { pagingServer, startHttp, type HttpServer } from '@countersign/testing/mcp-server';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callWith, Follower } from '../../test/adapter.fixtures.js';
import { ExecutorConfig } from '../config.js';
import { ToolCatalogue } from './tool-catalogue.js';
import { declared, declaredTools } from './tools.js';

const log = { info() {}, warn() {}, error() {} };
const soon = { timeout: 15_000, interval: 20 };

describe('the tools of an MCP server, as the executor has them,', () => {
  let dir: string;
  let offered: string[];
  let http: HttpServer;
  let tools: ToolCatalogue;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-catalogue-'));
    offered = ['look', 'erase'];
    http = await startHttp(() => pagingServer(offered));
    const file = join(dir, 'countersign.yaml');
    const servers = { mcp_servers: [{ name: 'far', url: http.url, tools: { '*': { approval: 'required' } } }] };
    writeFileSync(file, JSON.stringify(servers));
    tools = new ToolCatalogue(declared(readConfig(ExecutorConfig, { COUNTERSIGN_CONFIG: file })), new Map(), log);
    await tools.open();
  });
  afterEach(async () => {
    await tools.close();
    await http.stop();
    rmSync(dir, { recursive: true });
  });

  it('are waited for when the last list lacks one, and are there again once a list has it', async () => {
    const { adapter } = tools.get('far__erase')!;
    offered.pop();
    const outcome = await adapter!.execute(callWith({}, { tool_name: 'far__erase' }), new Follower());
    expect(outcome).toMatchObject({
      outcome: 'not_begun',
      reason: expect.stringContaining('does not have far__erase'),
    });
    expect(tools.get('far__erase')).toMatchObject({
      definition: undefined,
      unavailable: expect.stringContaining('its last list lacks far__erase'),
    });
    await expect(tools.checkServers()).rejects.toThrow('far: its last list lacks far__erase');
    offered.push('erase');
    await expect.poll(() => tools.get('far__erase')?.definition, soon).toBeDefined();
    await tools.checkServers();
  }, 20_000);

  it('are those of the servers of another file from one moment on', async () => {
    const other = await startHttp(() => pagingServer(['mend']));
    const file = join(dir, 'next.yaml');
    const servers = [{ name: 'near', url: other.url, tools: { '*': { approval: 'required' } } }];
    writeFileSync(file, JSON.stringify({ mcp_servers: servers }));
    const next = declared(readConfig(ExecutorConfig, { COUNTERSIGN_CONFIG: file }));
    const takeOver = await tools.prepare(next, declaredTools);
    const { adapter } = tools.get('far__look')!;
    expect([tools.get('near__mend'), other.headers.length]).toEqual([undefined, 0]);
    takeOver();
    expect(tools.get('far__look')).toBeUndefined();
    await expect.poll(() => tools.get('near__mend')?.definition, soon).toBeDefined();
    // What has begun with the former one ends with it.
    const ended = await adapter!.execute(callWith({}, { tool_name: 'far__look' }), new Follower());
    expect(ended).toMatchObject({ outcome: 'succeeded' });
    await tools.close();
    await other.stop();
  }, 20_000);

  it('are none when no server could have them', () => {
    expect(tools.get('near__look')).toBeUndefined();
  });
});

describe('tools of the file that is taken over while calls are made', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'countersign-catalogue-'))));
  afterEach(() => rmSync(dir, { recursive: true }));

  const tool = (name: string, ...args: string[]) => ({
    name,
    description: '',
    parameters: { type: 'object', properties: {} },
    execute: { command: { program: 'true', args } },
  });
  const declaredAs = (...all: object[]) => {
    const file = join(dir, 'countersign.yaml');
    writeFileSync(file, JSON.stringify({ tools: all }));
    return declared(readConfig(ExecutorConfig, { COUNTERSIGN_CONFIG: file }));
  };

  it('are the same where they are declared as before, and new ones otherwise; those that are gone are none', async () => {
    const before = declaredAs(tool('same'), tool('changed'), tool('gone'));
    const tools = new ToolCatalogue(before, declaredTools(before), log);
    await tools.open();
    const [same, changed] = [tools.get('same'), tools.get('changed')];
    const takeOver = await tools.prepare(declaredAs(tool('same'), tool('changed', '-f'), tool('new')), declaredTools);
    expect(tools.names()).toEqual(['same', 'changed', 'gone']);
    takeOver();
    expect(tools.names()).toEqual(['same', 'changed', 'new']);
    expect(tools.get('same')).toBe(same);
    expect(tools.get('changed')!.adapter).not.toBe(changed!.adapter);
    expect(tools.get('changed')!.definition!.effect).not.toBe(changed!.definition!.effect);
    expect(tools.get('gone')).toBeUndefined();
    await tools.close();
  });

  it('stay as they were where a variable of the others is not set', async () => {
    const before = declaredAs(tool('same'));
    const tools = new ToolCatalogue(before, declaredTools(before), log);
    const prepared = tools.prepare(declaredAs(tool('same', '{{env.NO_SUCH_VARIABLE}}')), declaredTools);
    await expect(prepared).rejects.toThrow('NO_SUCH_VARIABLE');
    expect(tools.names()).toEqual(['same']);
  });
});
