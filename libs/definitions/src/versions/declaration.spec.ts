import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { changesBetween, declarationOf, refuseLongActWithin, refuseRestart, RestartNeeded } from './declaration.js';

const path = '/etc/countersign/countersign.yaml';
const before = `agents:
  - { id: ops, name: Operations, instructions: You deploy., tools: [deploy] }
tools:
  - { name: deploy, description: Deploys., parameters: { type: object } }
policies:
  rules:
    - { name: all, when: { tool: [deploy] }, then: { require: { approvers: [{ group: ops }] } } }
groups:
  ops: [ada]
`;

describe('a text of the file', () => {
  it('is known by the digest of its bytes, so that another comment is another version', () => {
    const { digest } = declarationOf(before, path);
    expect(digest).toBe(createHash('sha256').update(Buffer.from(before)).digest('hex'));
    expect(declarationOf(`# a comment\n${before}`, path).digest).not.toBe(digest);
    expect(changesBetween(before, `# a comment\n${before}`, path)).toEqual([]);
  });

  it('is refused with its lines, as at a start', () => {
    expect(() => declarationOf(before.replace('ops: [ada]', 'ops: ada'), path)).toThrow(
      'countersign.yaml:9:3 groups.ops',
    );
  });

  it('says what it declares otherwise than the one before, and all of it when there was none', () => {
    const after = before.replace('ops: [ada]', 'ops: [ada, bob]');
    expect(changesBetween(before, after, path)).toEqual([
      { path: 'groups.ops', before: ['ada'], after: ['ada', 'bob'] },
    ]);
    const command = (program: string) =>
      before.replace('object } }', `object }, execute: { command: { program: ${program} } } }`);
    expect(changesBetween(command('a'), command('b'), path)).toEqual([
      { path: 'tools.deploy.execute.command.program', before: 'a', after: 'b' },
    ]);
    expect(changesBetween(null, after, path).map((each) => each.path)).toContain('agents');
  });

  it('cannot be taken over by a process when it names other code', () => {
    const { definitions } = declarationOf(before, path);
    expect(() => refuseRestart(definitions, declarationOf(before.replace('[ada]', '[bob]'), path))).not.toThrow();
    const servers = `${before}mcp_servers:\n  - { name: tickets, url: 'http://127.0.0.1:1/', tools: { '*': { approval: required } } }\n`;
    expect(() => refuseRestart(definitions, declarationOf(servers, path))).not.toThrow();
    const other = declarationOf(`${before}tool_modules: [./tools.ts]\n`, path);
    expect(() => refuseRestart(definitions, other)).toThrow(/countersign\.yaml:10:1 tool_modules.*restart/);
    expect(() => refuseRestart(definitions, other)).toThrow(RestartNeeded);
  });

  it('lets no decision be acted on for as long as records are kept, whatever kind of tool it is of', () => {
    const text = `${before.replace('object } }', 'object }, act_within: 30d }')}mcp_servers:
  - { name: tickets, url: 'http://127.0.0.1:1/', tools: { close: { approval: required, act_within: 40d } } }
`;
    const declaration = declarationOf(text, path);
    const functions = [{ name: 'refund', act_within: 31 * 86_400 }, { name: 'note' }];
    for (const days of [0, 41]) expect(() => refuseLongActWithin(declaration, days, functions)).not.toThrow();
    expect(() => refuseLongActWithin(declaration, 30, functions)).toThrow(
      /:4:.*tools\.0\.act_within: has to be shorter than the 30 days[^]*mcp_servers\.0\.tools\.close\.act_within[^]*"refund"/,
    );
    expect(() => refuseLongActWithin(declarationOf(before, path), 30, functions.slice(1))).not.toThrow();
  });
});
