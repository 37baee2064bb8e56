import { ConfigError } from '@countersign/contracts/problems';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mcpGate } from '../schema/mcp-server.js';
import { readDefinitions } from './read.js';
import { toolDefinitionOf } from './tool-of-file.js';

describe('a file of definitions', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-definitions-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const read = (text: string) => {
    writeFileSync(join(dir, 'countersign.yaml'), text);
    return readDefinitions(join(dir, 'countersign.yaml'));
  };

  it('needs little of an agent, and presets the rest', () => {
    const { agents } = read('agents: [{ id: ops, name: Operations, instructions: Deploy. }]');
    expect(agents).toEqual([
      {
        id: 'ops',
        name: 'Operations',
        description: null,
        instructions: 'Deploy.',
        external: false,
        max_steps: 20,
        budget: { tokens: null, seconds: null },
        deadline_in: null,
        history: { max_items: 100, max_tokens: 20_000 },
        tools: [],
      },
    ]);
  });

  it('has a tool approved and made by somebody else, unless it says otherwise', () => {
    const { tools } = read('tools: [{ name: deploy, description: Deploys., parameters: { type: object } }]');
    expect(tools.map(toolDefinitionOf)).toEqual([
      {
        name: 'deploy',
        description: 'Deploys.',
        parameters: { type: 'object' },
        approval: 'required',
        requires: 'external_execution',
        user_input: [],
        redact: [],
        max_output: 20_000,
        made_by: 'executor',
      },
    ]);
  });

  it.each([
    ['approval: required', 'external_execution', 'executor'],
    ['approval: audit', 'external_execution', 'executor'],
    ['execute: { command: { program: ls } }', 'external_execution', 'executor'],
    ['approval: none, requires: external_execution', 'external_execution', 'person'],
    ['approval: none, requires: user_input', 'user_input', 'person'],
    ['approval: required, requires: user_input', 'user_input', 'person'],
  ])('says who makes the calls of a tool: with %s, %s by the %s', (gate, requires, made_by) => {
    const { tools } = read(`tools: [{ name: t, description: T., parameters: { type: object }, ${gate} }]`);
    expect(toolDefinitionOf(tools[0]!)).toMatchObject({ requires, made_by });
    expect(toolDefinitionOf(tools[0]!)).not.toHaveProperty('execute');
  });

  it('takes its paths from where it is', () => {
    const file = read(`
tools:
  - name: one
    description: One.
    parameters: { type: object }
    execute: { command: { program: ./run, working_directory: programs } }
  - name: other
    description: Other.
    parameters: { type: object }
    execute: { command: { program: ls } }
tool_modules: [./tools/one.ts]
mcp_servers:
  - { name: files, command: files, working_directory: /srv, tools: {} }
  - { name: here, command: here, tools: {} }
`);
    expect(file.path).toBe(join(dir, 'countersign.yaml'));
    expect(file.tools.map(({ execute }) => execute!.command!.working_directory)).toEqual([join(dir, 'programs'), dir]);
    expect(file.tool_modules).toEqual([join(dir, 'tools/one.ts')]);
    expect(file.mcp_servers).toMatchObject([{ working_directory: '/srv' }, { working_directory: dir }]);
  });

  it('offers the tools of an MCP server that it names, gated as it says', () => {
    const [server] = read(`
mcp_servers:
  - name: tickets
    url: https://tickets.example/mcp
    headers: { authorization: 'Bearer {{env.TICKETS_TOKEN}}' }
    tools:
      search: { approval: none }
      close: { requires: user_input, user_input: [reason] }
      reopen: { approval: audit, redact: [reason] }
`).mcp_servers;
    expect(server).toMatchObject({ headers: { authorization: 'Bearer {{env.TICKETS_TOKEN}}' } });
    expect(mcpGate(server!, 'search')).toMatchObject({
      approval: 'none',
      requires: null,
      user_input: [],
      redact: [],
      max_output: 20_000,
      timeout: 300,
      execute: { semantics: 'at_most_once', attempts: 3 },
    });
    expect(mcpGate(server!, 'close')).toMatchObject({ approval: 'required', requires: 'user_input' });
    expect(mcpGate(server!, 'reopen')).toMatchObject({ approval: 'audit', requires: 'confirmation' });
    expect(mcpGate(server!, 'delete')).toBeUndefined();
    expect(mcpGate(server!, 'toString')).toBeUndefined();
  });

  it('gates with * what it does not name', () => {
    const [server] = read(
      'mcp_servers: [{ name: files, command: files, tools: { "*": {}, list: { approval: none } } }]',
    ).mcp_servers;
    expect(mcpGate(server!, 'list')).toMatchObject({ approval: 'none', requires: null });
    expect(mcpGate(server!, 'delete')).toMatchObject({ approval: 'required', requires: 'confirmation' });
  });

  it('has everything approved by one person unless it says who approves what', () => {
    const { groups, policies, shadow, policy_tests } = read('agents: []');
    const require = {
      approvers: [{ group: null, count: 1 }],
      four_eyes: true,
      on_rejection: 'end',
      reason: [],
      allow: ['approve', 'reject', 'values', 'result'],
      expires_in: null,
      grant: { max_duration: 3_600, max_uses: 10, arguments: 'exact' },
    };
    expect({ groups, policies, shadow, policy_tests }).toEqual({
      groups: {},
      policies: { rules: [], default: { require } },
      shadow: undefined,
      policy_tests: [],
    });
  });

  it('may say a thing once and use it again', () => {
    const { tools } = read(`
tools:
  - { name: one, description: One., parameters: &none { type: object, properties: {} } }
  - { name: other, description: Other., parameters: *none }
`);
    expect(tools[1]!.parameters).toEqual({ type: 'object', properties: {} });
  });

  it('has to be there', () => {
    const absent = () => readDefinitions(join(dir, 'absent.yaml'));
    expect(absent).toThrow(ConfigError);
    expect(absent).toThrow(/absent\.yaml cannot be read: ENOENT.*COUNTERSIGN_CONFIG/);
  });

  it('is at the root of this project with three agents', () => {
    const file = readDefinitions(fileURLToPath(new URL('../../../../countersign.yaml', import.meta.url)));
    expect(file.agents.map(({ id }) => id)).toEqual(['ops', 'support', 'access']);
    expect(file.tools.map(toolDefinitionOf)).toMatchObject([
      { name: 'deploy_to_production', approval: 'required', requires: 'external_execution', made_by: 'executor' },
      { name: 'ask_customer', approval: 'none', requires: 'user_input', made_by: 'person' },
      { name: 'grant_access', approval: 'required', requires: 'user_input', made_by: 'person' },
    ]);
  });
});
