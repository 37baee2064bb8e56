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
});
