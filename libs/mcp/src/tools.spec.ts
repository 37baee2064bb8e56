import { describe, expect, it } from 'vitest';
import { gatedTools, type Gate } from './tools.js';

const none: Gate = { approval: 'none', user_input: [], redact: [] };
const offered = (name: string, argument: object) => ({
  name,
  inputSchema: { type: 'object' as const, properties: { a: { type: 'string', ...argument } } },
});

describe('a tool of an MCP server whose arguments cannot be checked', () => {
  const tools = [
    offered('plain', {}),
    offered('ahead', { pattern: '^(?=x)' }),
    offered('twice', { pattern: '(a)\\1' }),
  ];

  it('is left out with the reason, and the others stay', () => {
    const { tools: kept, leftOut } = gatedTools({ name: 's', where: 'here' }, tools, { '*': none });
    expect(kept.map(({ name }) => name)).toEqual(['plain']);
    expect(leftOut).toEqual([
      expect.stringMatching(/^ahead: its parameters\.properties\.a\.pattern is no pattern: at character 2: look-ahead/),
      expect.stringMatching(/^twice: its parameters\.properties\.a\.pattern is no pattern: at character 4: a back/),
    ]);
  });

  it('is refused where the file names it', () => {
    expect(() => gatedTools({ name: 's', where: 'here' }, tools, { '*': none, ahead: none })).toThrow(
      /ahead: its parameters.*look-ahead/,
    );
  });

  it('keeps a format without the pattern that says it once more', () => {
    const hostname = { format: 'hostname', pattern: '^(?=.{1,253}\\.?$)[a-z.]+$' };
    const { tools: kept, leftOut } = gatedTools({ name: 's', where: 'here' }, [offered('host', hostname)], {
      '*': none,
    });
    expect(leftOut).toEqual([]);
    expect(kept[0]!.definition.parameters).toMatchObject({
      properties: { a: { type: 'string', format: 'hostname' } },
    });
    expect(JSON.stringify(kept)).not.toContain('253');
  });

  it.each(['^https\\:\\/\\/', '^(?P<year>\\d{4})$'])('is taken when it only writes otherwise: %s', (pattern) => {
    expect(gatedTools({ name: 's', where: 'here' }, [offered('url', { pattern })], { '*': none }).leftOut).toEqual([]);
  });

  it.each([
    ['of an older draft', { type: 'object', properties: { a: { type: 'array', items: [{ type: 'string' }] } } }],
    ['with a bound of an older draft', { type: 'object', properties: { a: { minimum: 1, exclusiveMinimum: true } } }],
    ['without properties', { type: 'object' }],
    ['with alternatives at the top', { type: 'object', anyOf: [{ required: ['a'] }, { required: ['b'] }] }],
  ])('is taken when its schema can be read: %s', (_, inputSchema) => {
    const tool = { name: 'a', inputSchema } as never;
    expect(gatedTools({ name: 's', where: 'here' }, [tool], { '*': none }).leftOut).toEqual([]);
  });

  it.each([
    ['a remote reference', { type: 'object', properties: { a: { $ref: 'https://x.test/y.json' } } }, 'a'],
    ['no object', { type: 'string' }, 'not object'],
    ['no type that there is', { type: 'object', properties: { a: { type: 'any' } } }, 'no JSON Schema'],
    ['thousands of levels', JSON.parse(`${'{"not":'.repeat(9_000)}{}${'}'.repeat(9_000)}`) as object, 'levels'],
  ])('is left out when its schema cannot be checked: %s', (_, inputSchema, why) => {
    const tool = { name: 'odd', inputSchema } as never;
    const { tools: kept, leftOut } = gatedTools({ name: 's', where: 'here' }, [tool, offered('plain', {})], {
      '*': none,
    });
    expect([kept.map(({ name }) => name), leftOut]).toEqual([['plain'], [expect.stringContaining(why)]]);
  });
});

describe('the word of an MCP server that a tool only reads', () => {
  const tool = (name: string, annotations?: object) => ({ ...offered(name, {}), ...(annotations && { annotations }) });
  const tools = [
    tool('reads', { readOnlyHint: true }),
    tool('writes', { readOnlyHint: false, destructiveHint: false }),
    tool('contradicts', { readOnlyHint: true, destructiveHint: true }),
    tool('says_nothing'),
    tool('named', { readOnlyHint: true }),
  ];
  const required: Gate = { ...none, approval: 'required' };
  const approvals = (any: Gate, trustsReadOnlyHint?: boolean) =>
    gatedTools({ name: 's', where: 'here', trustsReadOnlyHint }, tools, { '*': any, named: required }).tools.map(
      ({ definition: { approval, requires, made_by } }) => [approval, requires, made_by],
    );
  const asked = ['required', 'confirmation', 'executor'];

  it('changes nothing unless the configuration trusts it', () => {
    expect(approvals(required)).toEqual(Array.from({ length: 5 }, () => asked));
  });

  it('frees its calls from approval where it is trusted, unless it is named or contradicts itself', () => {
    expect(approvals(required, true)).toEqual([['none', null, 'runner'], asked, asked, asked, asked]);
  });

  it('has to be given, or that it destroys nothing, where others are left out: unless they are named', () => {
    const left = (trustsReadOnlyHint: boolean) => {
      const server = { name: 's', where: 'here', trustsReadOnlyHint, leavesOutDestructive: true };
      const gated = gatedTools(server, [...tools, tool('destroys', { destructiveHint: true })], {
        '*': required,
        named: required,
      });
      return gated.tools.map(({ name, definition: { approval } }) => `${name}: ${approval}`);
    };
    expect(left(false)).toEqual(['reads: required', 'writes: required', 'named: required']);
    expect(left(true)).toEqual(['reads: none', 'writes: required', 'named: required']);
  });

  it('never spares a person what is to be filled in', () => {
    const filled: Gate = { ...required, requires: 'user_input', user_input: ['a'] };
    expect(approvals(filled, true)[0]).toEqual(['required', 'user_input', 'executor']);
  });
});
