import { annotationsOf, type ToolDefinition } from '@countersign/definitions';
import { describe, expect, it } from 'vitest';
import { incompatibilities, stillPossible } from './agent-version.js';
import { agent, tools } from '../../test/run.fixtures.js';

const called = new Set(['look_up', 'refund']);
const agentWith = (...changed: ToolDefinition[]) => ({
  ...agent,
  tools: agent.tools.map((tool) => changed.find(({ name }) => name === tool.name) ?? tool),
});
const without = (...names: string[]) => ({ ...agent, tools: agent.tools.filter(({ name }) => !names.includes(name)) });

describe('a run whose agent has changed', () => {
  it.each([
    ['nothing changed', agent],
    ['a tool that it did not call is gone', without('grant')],
    ['there is a tool more', { ...agent, tools: [...agent.tools, { ...tools.look_up, name: 'search' }] }],
    ['the tools are in another order', { ...agent, tools: agent.tools.toReversed() }],
    ['only words and limits changed', { ...agent, instructions: 'Be kind.', max_steps: 3, model: 'another' }],
    ['a tool is described otherwise', agentWith({ ...tools.refund, description: 'Pays back.', max_output: 1 })],
    [
      'a schema is written in another order',
      agentWith({
        ...tools.refund,
        parameters: Object.fromEntries(Object.entries(tools.refund.parameters).toReversed()),
      }),
    ],
  ])('goes on when %s', (_, current) => {
    expect(incompatibilities(agent, current, called)).toEqual([]);
  });

  it.each([
    ['is gone', without('refund'), ['tool "refund" is gone']],
    [
      'needs no approval any more',
      agentWith({ ...tools.refund, approval: 'none', requires: null }),
      [
        'tool "refund": approval was "required" and is "none"',
        'tool "refund": requires was "confirmation" and is null',
      ],
    ],
    [
      'has other arguments',
      agentWith({
        ...tools.refund,
        parameters: { ...tools.refund.parameters, properties: { what: { type: 'integer' } } },
      }),
      ['tool "refund": parameters.properties.what.type was "string" and is "integer"'],
    ],
    [
      'has an argument more',
      agentWith({ ...tools.look_up, parameters: { ...tools.look_up.parameters, properties: { why: {} } } }),
      [
        'tool "look_up": parameters.properties.what was {"type":"string"} and is absent',
        'tool "look_up": parameters.properties.why was absent and is {}',
      ],
    ],
  ])('does not go on when a tool that it called %s', (_, current, lines) => {
    expect(incompatibilities(agent, current, called)).toEqual(lines);
  });

  it('goes on with what a server has now, unless that is gated otherwise', () => {
    const annotations = annotationsOf('shop', {});
    const parameters = { ...tools.refund.parameters, properties: { what: { type: 'integer' } } };
    const changed = { ...tools.refund, parameters, annotations, redact: ['what'] };
    expect(incompatibilities(agent, agentWith(changed), called)).toEqual([]);
    expect(stillPossible(agent, agentWith(changed)).tools).toContainEqual(changed);
    for (const gate of [{ approval: 'none', requires: null }, { requires: 'user_input' }] as const) {
      const other = agentWith({ ...changed, ...gate });
      expect(incompatibilities(agent, other, called)[0]).toContain('tool "refund": ');
      expect(stillPossible(agent, other).tools.map(({ name }) => name)).not.toContain('refund');
    }
  });

  it('goes on as it was, without the tools that are not as they were', () => {
    const current = { ...without('grant'), instructions: 'Be kind.', tools: without('grant').tools.slice(1) };
    const still = stillPossible(agent, {
      ...current,
      tools: [...current.tools, { ...tools.grant, made_by: 'person' }],
    });
    expect(still).toMatchObject({ version: agent.version, instructions: agent.instructions });
    const names = agent.tools.map(({ name }) => name);
    expect(still.tools.map(({ name }) => name)).toEqual(
      names.filter((name) => !['deploy_to_production', 'grant'].includes(name)),
    );
  });
});
