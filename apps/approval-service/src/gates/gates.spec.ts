import { annotationsOf, toolDefinitionOf, toolVersion, type ToolDefinition } from '@countersign/definitions';
import { goldenEvent } from '@countersign/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { definitionsWith } from '../../test/definitions.fixtures.js';
import { gatedBy } from './gated-request.js';
import { Gates, type Gate } from './gates.js';

const parameters = { type: 'object', properties: { ticket: { type: 'string' }, hours: { type: 'integer' } } };
const tool = (name: string, more: object = {}) => ({ name, description: '', parameters, ...more });
const definitions = definitionsWith({
  agents: [
    {
      id: 'ops',
      name: 'Ops',
      instructions: '',
      tools: ['deploy', 'note', 'ask', 'shop/*', 'bank__pay', 'refund', 'free'],
    },
    { id: 'support', name: 'Support', instructions: '', tools: ['note'] },
  ],
  tools: [
    tool('deploy', { redact: ['ticket'], act_within: '3d', presentation: { risk: 'high' } }),
    tool('note', { approval: 'audit' }),
    tool('ask', { approval: 'none', requires: 'user_input', user_input: ['hours'] }),
  ],
  tool_modules: ['./refunds.ts'],
  mcp_servers: [
    { name: 'shop', url: 'http://127.0.0.1:1/', tools: { 'look.up': { approval: 'none' }, '*': { redact: ['card'] } } },
    { name: 'bank', url: 'http://127.0.0.1:1/', tools: { pay: { approval: 'audit', act_within: 600 } } },
  ],
});
const gate = { user_input: ['hours'], redact: [], max_output: 1_000, effect: 'code' };
const functions: ToolDefinition[] = [
  { ...tool('refund'), ...gate, approval: 'required', requires: 'user_input', made_by: 'executor' },
  { ...tool('free'), ...gate, user_input: [], approval: 'none', requires: null, made_by: 'runner' },
];
const gates = new Gates(definitions, async (modules) => {
  expect(modules).toEqual([expect.stringMatching(/refunds\.ts$/)]);
  return functions;
});
beforeEach(() => gates.open());

/** As a runner with the same definitions says it. */
function versionOf(name: string, change: object = {}): string {
  const served: ToolDefinition = {
    ...tool(name),
    user_input: [],
    redact: [],
    max_output: 1_000,
    requires: 'confirmation',
    made_by: 'executor',
    approval: name === 'bank__pay' ? 'audit' : 'required',
  };
  const found =
    definitions.tools.map(toolDefinitionOf).find((each) => each.name === name) ??
    functions.find((each) => each.name === name) ??
    served;
  return toolVersion({ ...found, ...change });
}

describe('how a call is gated', () => {
  it.each<[string, string, Partial<Gate> | string]>([
    ['ops', 'deploy', { approval: 'required', requires: 'external_execution', redact: ['ticket'], parameters }],
    ['ops', 'note', { approval: 'audit', requires: 'external_execution' }],
    ['ops', 'refund', { approval: 'required', requires: 'user_input', user_input: ['hours'] }],
    ['ops', 'shop__buy', { approval: 'required', requires: 'confirmation', redact: ['card'], parameters: null }],
    ['ops', 'bank__pay', { approval: 'audit', requires: 'confirmation' }],
    ['ops', 'shop__look_up', 'not_gated'],
    ['ops', 'ask', 'not_gated'],
    ['ops', 'free', 'not_gated'],
    ['ops', 'erase', 'unknown_tool'],
    ['ops', 'bank__steal', 'unknown_tool'],
    ['support', 'deploy', 'not_of_agent'],
    ['support', 'shop__buy', 'not_of_agent'],
    ['mallory', 'deploy', 'unknown_agent'],
  ])('of %s and its tool %s is what the definitions say', (agent_id, tool_name, expected) => {
    const gate = gates.of({ agent_id, tool_name, tool_version: versionOf(tool_name) });
    if (typeof expected === 'string') expect(gate).toMatchObject({ code: expected });
    else expect(gate).toMatchObject(expected);
  });
});

it('how risky a call is, is what the definitions here say, of several the riskiest', async () => {
  const pay = (risk: string) => ({ pay: { presentation: { risk } } });
  const twice = new Gates(
    definitionsWith({
      agents: [{ id: 'ops', name: 'Ops', instructions: '', tools: ['deploy', 'bank/*', 'bank_/*'] }],
      tools: [tool('deploy', { presentation: { risk: 'high' } })],
      mcp_servers: [
        { name: 'bank', url: 'http://127.0.0.1:1/', tools: { '*': { presentation: { risk: 'low' } } } },
        { name: 'bank_', url: 'http://127.0.0.1:2/', tools: pay('critical') },
      ],
    }),
    async () => [],
  );
  await twice.open();
  const riskOf = (tool_name: string) => {
    const gate = twice.of({ agent_id: 'ops', tool_name, tool_version: versionOf(tool_name) });
    return 'code' in gate ? gate : gate.presentation?.risk;
  };
  expect(riskOf('deploy')).toBe('high');
  expect(riskOf('bank___pay')).toBe('critical');
});

it('how long a decision can be acted on is what its tool declares, and a day where that is nothing', () => {
  expect(['deploy', 'bank__pay', 'note', 'shop__buy', 'erase'].map(gates.actWithin)).toEqual([
    259_200, 600, 86_400, 86_400, 86_400,
  ]);
});

describe('what is hidden of a call', () => {
  it('is what its tool declares, and all of a tool that is not known', () => {
    expect(gates.hidden('deploy')).toEqual(['ticket']);
    expect(gates.hidden('note')).toEqual([]);
    expect(gates.hidden('shop__buy')).toEqual(['card']);
    expect([gates.hidden('erase'), new Gates(definitions, async () => []).hidden('deploy')]).toEqual(['all', 'all']);
  });
});

describe('a request for another definition of its tool', () => {
  const reasonFor = (tool_name: string, tool_version: string | null) => {
    const gate = gates.of({ agent_id: 'ops', tool_name, tool_version });
    return 'code' in gate ? `${gate.code}: ${gate.reason}` : 'gated';
  };
  const other = (change: object) => versionOf('deploy', change);

  it.each<[string, string | null, string]>([
    ['other parameters', other({ parameters: {} }), 'its parameters'],
    ['another gate', other({ requires: 'confirmation' }), 'how it is gated'],
    ['something else done', other({ effect: 'other' }), 'what is done'],
    ['nothing that is known here', 'parameters:0', 'its parameters, how it is gated, what is done'],
  ])('is refused, with the part that is another: %s', (_, version, parts) => {
    expect(reasonFor('deploy', version)).toBe(`tool_changed: "deploy" is not the tool that was requested: ${parts}`);
  });

  it('is refused where it does not say which', () => {
    const reason = (name: string) => `tool_changed: the request names no definition of "${name}"`;
    for (const name of ['deploy', 'refund', 'shop__buy']) expect(reasonFor(name, null)).toBe(reason(name));
  });

  it('is refused by the code of a function, and of a server’s tool by how it is gated, which is all that is known', () => {
    expect(reasonFor('refund', versionOf('refund', { effect: 'other' }))).toMatch(/what is done$/);
    expect(reasonFor('shop__buy', versionOf('shop__buy', { effect: 'other', parameters: {} }))).toBe('gated');
    expect(reasonFor('shop__buy', versionOf('shop__buy', { approval: 'audit' }))).toMatch(/how it is gated$/);
  });
});

describe('a request', () => {
  const { data } = goldenEvent('tool.approval_required');
  const gate: Gate = {
    approval: 'required',
    requires: 'user_input',
    user_input: ['hours'],
    redact: ['ticket'],
    parameters,
  };

  it('is gated as the definitions say, and not as it says itself', () => {
    const lenient = {
      ...data,
      approval_type: 'audit' as const,
      pause_type: 'external_execution' as const,
      parameters: {},
    };
    expect(gatedBy(gate, lenient)).toMatchObject({
      approval_type: 'required',
      pause_type: 'user_input',
      parameters,
      requirement: {
        user_input_schema: [{ name: 'hours', field_type: 'int', value: null }],
        tool_execution: { approval_type: 'required', requires_user_input: true, external_execution_required: false },
      },
    });
  });

  it('is decided on when it asks for that, also where the definitions want only a record', () => {
    expect(gatedBy({ ...gate, approval: 'audit' }, { ...data, approval_type: 'required' })).toMatchObject({
      approval_type: 'required',
    });
    expect(gatedBy({ ...gate, approval: 'audit' }, { ...data, approval_type: 'audit' })).toMatchObject({
      approval_type: 'audit',
    });
  });

  it('hides what either of both hides, and brings its schema only where nobody here knows it', () => {
    const { requirement } = data;
    const hiding = { ...requirement, tool_execution: { ...requirement.tool_execution, redact: ['version'] } };
    const gated = gatedBy(
      { ...gate, parameters: null },
      { ...data, requirement: hiding, parameters: { type: 'object' } },
    );
    expect(gated.requirement.tool_execution.redact).toEqual(['ticket', 'version']);
    expect(gated.parameters).toEqual({ type: 'object' });
  });

  it('has the word of its server only where that is whose tool the executor will look for', () => {
    const annotations = annotationsOf('shop', { readOnlyHint: true });
    const tool_version = versionOf('shop__buy', { annotations });
    const known = { ...gate, parameters: null };
    const wordOf = (request: object, by = known) =>
      gatedBy(by as Gate, { ...data, tool_name: 'shop__buy', tool_version, annotations, ...request }).annotations;
    expect(wordOf({})).toEqual(annotations);
    expect(wordOf({ annotations: null })).toBeNull();
    expect(wordOf({ tool_version: versionOf('shop__buy') })).toBeNull();
    expect(wordOf({ annotations: annotationsOf('shop', { destructiveHint: false }) })).toBeNull();
    expect(wordOf({ tool_name: 'bank__pay' })).toBeNull();
    expect(wordOf({}, { ...gate, parameters: {} } as never)).toBeNull();
  });

  it('takes nothing else of its requirement from the message', () => {
    const { requirement } = data;
    const call = { ...requirement.tool_execution, tool_args: { version: 'shown' }, result: 'done', confirmed: true };
    const gated = gatedBy(gate, { ...data, requirement: { ...requirement, id: 'other', tool_execution: call } });
    expect(gated.requirement).toMatchObject({
      id: data.approval_id,
      tool_execution: { tool_args: data.tool_args, result: null, confirmed: null },
    });
  });
});

it('gates and redacts the tools of the servers of the file that is in force', async () => {
  const own = new Gates(definitions, async () => functions);
  await own.open();
  expect([own.hidden('shop__buy'), own.actWithin('bank__pay')]).toEqual([['card'], 600]);
  const [shop] = definitions.mcp_servers;
  own.use({ ...definitions, mcp_servers: [{ ...shop!, tools: { '*': { ...shop!.tools['*']!, redact: ['pin'] } } }] });
  expect([own.hidden('shop__buy'), own.hidden('bank__pay'), own.actWithin('bank__pay')]).toEqual([
    ['pin'],
    'all',
    86_400,
  ]);
  expect(own.of({ agent_id: 'ops', tool_name: 'bank__pay', tool_version: null })).toMatchObject({
    code: 'unknown_tool',
  });
});
