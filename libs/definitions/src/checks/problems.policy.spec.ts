import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/problems.fixtures.js';

const agents = 'agents: [{ id: ops, name: Ops, instructions: Do., tools: [deploy, look, s/*] }]';
const tools = `tools:
  - { name: deploy, description: Deploys., parameters: { type: object } }
  - { name: look, description: L., parameters: { type: object }, approval: none, requires: user_input }`;
const servers = 'mcp_servers: [{ name: s, command: s, tools: { free: { approval: none }, "*": {} } }]';
const groups = 'groups: { pair: [ada, grace], one: [ada], tokens: from_token }';
const head = [agents, tools, servers, groups].join('\n');

/** The problems of a rule with this under `when` and `then`, without their lines. */
const problemsOfRule = (when: string, then: string) =>
  problemsOf(`${head}\npolicies:\n  rules:\n    - name: r\n      when: ${when}\n      then: ${then}`).map((line) =>
    line.replace(/^\d+:\d+ policies\.rules\.0\./, ''),
  );
const problemsOfRequire = (fields: string) =>
  problemsOfRule('{}', `{ require: { ${fields} } }`).map((line) => line.replace(/^then\.require\./, ''));

describe('what is wrong with policies', () => {
  it('is reported all at once, in the order of the lines', () => {
    expect(
      problemsOf(`
agents:
  - { id: ops, name: Operations, instructions: Deploy., tools: [] }
groups:
  managers: []
  leads: [ada, '*']
  security: [grace, grace]
policies:
  rules:
    - name: one
      when: { agent: [opps], tool: [deploy] }
      then: { require: { approvers: [{ group: manager }], expires_in: 1h, remind_after: 2h } }
    - name: one
      when: { arguments: { a: { matches: '(' } } }
      then: { approve: true }
    - when: {}
      then: { approve: true, reject: No. }
  default: { require: { approvers: [{ group: security, count: 3 }] } }
shadow:
  rules:
    - { name: one, when: { agent: [opps] }, then: { reject: No. } }
    - { name: one, when: {}, then: { reject: '' } }
policy_tests:
  - { name: t, call: { agent: ops, tool: deploy }, expect: { outcome: deny } }
`),
    ).toEqual([
      '5:3 groups.managers: has no members: add one, or use from_token',
      '6:16 groups.leads.1: * is not allowed: name each one',
      '7:21 groups.security.1: grace is listed twice: remove one',
      '11:23 policies.rules.0.when.agent.0: there is no agent "opps": declare it under agents',
      '11:37 policies.rules.0.when.tool.0: there is no tool "deploy": declare it under tools, or name the file it is in under tool_modules',
      '12:40 policies.rules.0.then.require.approvers.0.group: there is no group "manager": declare it under groups',
      '12:75 policies.rules.0.then.require.remind_after: reminds when it has expired: make it less than expires_in',
      '13:7 policies.rules.1.name: "one" is taken by policies.rules.0: give each another name',
      '14:33 policies.rules.1.when.arguments.a.matches: is no pattern: Invalid regular expression: /(/u: Unterminated group',
      '16:7 policies.rules.2.name: is missing',
      '17:7 policies.rules.2.then: must say one of require, approve and reject',
      '18:56 policies.default.require.approvers.0.count: requires 3 of security, which has 2 member(s)',
      '21:36 shadow.rules.0.when.agent.0: there is no agent "opps": declare it under agents',
      '22:9 shadow.rules.1.name: "one" is taken by shadow.rules.0: give each another name',
      expect.stringMatching(/^22:38 shadow\.rules\.1\.then\.reject: Too small/),
      expect.stringMatching(/^24:62 policy_tests\.0\.expect\.outcome: /),
    ]);
  });

  it('is nothing when they fit', () => {
    expect(problemsOfRule('{ agent: [ops], tool: [deploy, s__t, s/*] }', '{ approve: true }')).toEqual([]);
    expect(problemsOfRule('{}', '{ reject: No. }')).toEqual([]);
    expect(
      problemsOfRequire(
        'approvers: [{ group: pair, count: 2 }, { group: tokens, count: 9 }, { anyone: true }], reason: [reject, approve], allow: [approve, edit, reject], expires_in: 4h, remind_after: 30m, escalate: { after: 2h, to: [one] }',
      ),
    ).toEqual([]);
  });
});

describe('a rule', () => {
  it.each([
    ['{ tools: [deploy] }', 'when.tools: there is no such field'],
    ['{ agent: ops }', 'when.agent: expected array, received string'],
    ['{ requester: ["*"] }', 'when.requester.0: * is not allowed: name each one'],
    ['{ arguments: {} }', 'when.arguments: names no argument'],
    ['{ arguments: { a: {} } }', 'when.arguments.a: has no operator: use equals, matches, exists or another'],
    ['{ arguments: { a: x } }', 'when.arguments.a: expected object, received string'],
    ['{ arguments: { a: { exists: true, equal: x } } }', 'when.arguments.a.equal: there is no such field'],
    ['{ arguments: { a: { at_least: "1" } } }', 'when.arguments.a.at_least: expected number, received string'],
    ['{ not: {} }', 'when.not: names nothing'],
    ['{ any: [{ agent: [ops] }, {}] }', 'when.any.1: names nothing'],
    ['', 'when: expected object, received null'],
  ])('does not mean calls with %s', (when, problem) => {
    expect(problemsOfRule(when, '{ reject: No. }')).toEqual([problem]);
  });

  it.each(['{ all: [] }', '{ any: [] }', '{ agent: [] }', '{ tool: [] }', '{ arguments: { a: { in: [] } } }'])(
    'does not mean calls with an empty list, as in %s',
    (when) => {
      expect(problemsOfRule(when, '{ reject: No. }')).toEqual([expect.stringContaining('Too small')]);
    },
  );

  it('that approves every call is a default', () => {
    expect(problemsOfRule('{}', '{ approve: true }')).toEqual([
      'when: is empty, so this would approve every call: name the calls, or say it under default',
    ]);
  });

  it.each([
    ['{ not: { agent: [x] } }', 'when.not.agent.0: there is no agent "x": declare it under agents'],
    ['{ any: [{ all: [{ tool: [x/*] }] }] }', /^when\.any\.0\.all\.0\.tool\.0: there is no MCP server "x"/],
    [
      '{ annotations: { trusted: [x], readOnlyHint: true } }',
      /^when\.annotations\.trusted\.0: there is no MCP server "x"/,
    ],
    ['{ tool: [look] }', /^when\.tool\.0: "look" has "approval: none", so no policy applies to it/],
    ['{ tool: [s__free] }', /^when\.tool\.0: "s__free" has "approval: none", so no policy applies to it/],
  ])('is about what there is: not %s', (when, problem) => {
    expect(problemsOfRule(when, '{ reject: No. }')).toEqual([expect.stringMatching(problem)]);
  });

  it.each(['ask', 's__ask'])('does not approve %s automatically, whose fields somebody has to fill in', (tool) => {
    const fields = 'parameters: { type: object, properties: { a: {} } }, requires: user_input';
    const file = `agents: [{ id: ops, name: O, instructions: D. }]
tools: [{ name: ask, description: A., ${fields} }]
mcp_servers: [{ name: s, command: s, tools: { ask: { requires: user_input } } }]
policies: { rules: [{ name: r, when: { tool: [${tool}] }, then: `;
    expect(problemsOf(`${file} { approve: true } }] }`)).toEqual([
      `4:47 policies.rules.0.when.tool.0: a person has to fill in the fields of "${tool}", so it cannot be approved automatically`,
    ]);
    expect(problemsOf(`${file} { require: {} } }] }`)).toEqual([]);
  });

  it('may be about agents and tools of another file, when this one has no agents', () => {
    const rule = '{ name: r, when: { agent: [x], tool: [y] }, then: { approve: true } }';
    expect(problemsOf(`policies: { rules: [${rule}] }`)).toEqual([]);
  });

  it('may be about tools that modules export', () => {
    const rule = '{ name: r, when: { tool: [y] }, then: { approve: true } }';
    expect(
      problemsOf(
        `agents: [{ id: ops, name: O, instructions: D. }]\ntool_modules: [./t.ts]\npolicies: { rules: [${rule}] }`,
      ),
    ).toEqual([]);
  });

  it.each(['{ require: {}, approve: true }', '{}'])('does one thing: not %s', (then) => {
    expect(problemsOfRule('{ agent: [ops] }', then)).toEqual(['then: must say one of require, approve and reject']);
  });

  it('tells everything that is wrong with what it requires', () => {
    expect(problemsOfRule('{}', '{ require: { four_eyes: 1, on_rejection: 1, allow: 1, reason: 1 } }')).toHaveLength(4);
  });

  it('cannot contain itself', () => {
    const rule = '{ name: r, when: &w { not: *w }, then: { reject: No. } }';
    expect(problemsOf(`policies: { rules: [${rule}] }`)).toEqual(['1:48 the alias *w stands for something it is in']);
  });
});

describe('names of people and groups', () => {
  it('are one in whatever spelling, so none is there twice', () => {
    expect(problemsOf(`groups: { Leads: [Ada@Example.com, 'ada@example.com '], 'leads ': [grace] }`)).toEqual([
      '1:36 groups.Leads.1: ada@example.com is listed twice: remove one',
      '1:57 groups.leads : is the same group as Leads: make it one',
    ]);
  });

  it('are found in whatever spelling', () => {
    expect(problemsOfRequire('approvers: [{ group: PAIR, count: 2 }]')).toEqual([]);
    expect(problemsOfRequire('approvers: [{ group: Pair, count: 3 }]')).toEqual([
      'approvers.0.count: requires 3 of pair, which has 2 member(s)',
    ]);
  });

  it('show all that they are', () => {
    expect(problemsOf(`groups: { leads: ["ada\\u200B"] }`)).toEqual([
      '1:19 groups.leads.0: a name must not contain U+200B, which is invisible',
    ]);
  });
});

describe('what a rule requires', () => {
  it.each([
    ['approvers: []', /^approvers: Too small/],
    ['approvers: [{ count: 2 }]', 'approvers.0.group: is missing'],
    ['approvers: [{ group: pair, count: 0 }]', /^approvers\.0\.count: Too small/],
    ['approvers: [{ group: pair, count: 3 }]', 'approvers.0.count: requires 3 of pair, which has 2 member(s)'],
    ['approvers: [{ group: nobody }]', 'approvers.0.group: there is no group "nobody": declare it under groups'],
    [
      'approvers: [{ group: constructor }]',
      'approvers.0.group: there is no group "constructor": declare it under groups',
    ],
    [
      'approvers: [{ group: pair }, { group: pair }]',
      'approvers.1: pair is listed twice: make it one, with the count of both',
    ],
    [
      'approvers: [{ anyone: true }, { anyone: true }]',
      'approvers.1: anyone is listed twice: make it one, with the count of both',
    ],
    [
      'approvers: [{ group: pair, count: 2 }, { group: one }]',
      'approvers: can never be met, since each person counts once: it lacks 1 of one',
    ],
    ['escalate: { after: 1h, to: [x] }', 'escalate.to.0: there is no group "x": declare it under groups'],
    ...['reject', 'edit, reject', 'grant', 'values', 'result'].map((kinds): [string, string] => [
      `allow: [${kinds}]`,
      'allow: allows no approval: add approve; edit, values, result and grant only extend it',
    ]),
    ['allow: [approve], reason: [reject]', 'reason: is required with reject, which allow does not include'],
    ['expires_in: soon', /^expires_in: must be seconds, or a number with a unit/],
    ['expires_in: 1h, remind_after: 60m', 'remind_after: reminds when it has expired: make it less than expires_in'],
    [
      'expires_in: 60, escalate: { after: 1h, to: [pair] }',
      'escalate.after: escalates when it has expired: make it less than expires_in',
    ],
  ])('can be met and says something: not %s', (fields, problem) => {
    expect(problemsOfRequire(fields)).toEqual([problem instanceof RegExp ? expect.stringMatching(problem) : problem]);
  });

  const conflict = 'must not approve what they ask for (four_eyes), and without them it can never be met: it lacks';
  it.each([
    ['[ada, bob]', 'group: pair, count: 2', [`when.requester.0: ada ${conflict} 1 of pair`]],
    ['[Ada]', 'group: one', [`when.requester.0: ada ${conflict} 1 of one`]],
    ['[ada]', 'group: pair', []],
    ['[ada]', 'group: tokens, count: 2', []],
  ])('can be met by others than %s, who ask: %s', (requester, approver, problems) => {
    const then = (more: string) => `{ require: { approvers: [{ ${approver} }]${more} } }`;
    expect(problemsOfRule(`{ requester: ${requester} }`, then(''))).toEqual(problems);
    expect(problemsOfRule(`{ requester: ${requester} }`, then(', four_eyes: false'))).toEqual([]);
    const standIns = ', escalate: { after: 1h, to: [tokens] }';
    expect(problemsOfRule(`{ requester: ${requester} }`, then(standIns))).toEqual([]);
  });

  it('lets people fill in the fields of the tools that it names', () => {
    const file = (allow: string, required: string) =>
      problemsOf(`tools:
  - { name: ask, description: A., requires: user_input, parameters: { type: object, properties: { a: {} }, required: ${required} } }
policies: { rules: [{ name: r, when: { tool: [ask] }, then: { require: { allow: ${allow} } } }] }`);
    expect(file('[approve, reject]', '[a]')).toEqual([
      expect.stringMatching(
        /rules\.0\.when\.tool\.0: a person has to fill in the fields of "ask", so allow must include/,
      ),
    ]);
    expect(file('[approve, values]', '[a]')).toEqual([]);
    expect(file('[approve, result]', '[a]')).toEqual([]);
    expect(file('[approve]', '[]')).toEqual([]);
  });

  it('may name a group whose members are wrong, which is reported of the group', () => {
    const file = 'groups: { g: [] }\npolicies: { default: { require: { approvers: [{ group: g, count: 2 }] } } }';
    expect(problemsOf(file)).toEqual(['1:11 groups.g: has no members: add one, or use from_token']);
  });
});

describe('a policy test', () => {
  const rules = 'policies: { rules: [{ name: r, when: {}, then: { reject: No. } }] }';
  it.each([
    ['call: { agent: x, tool: deploy }, expect: { outcome: require }', 'call.agent: there is no agent "x"'],
    ['call: { agent: ops, tool: x }, expect: { outcome: require }', 'call.tool: there is no tool "x"'],
    ['call: { agent: ops, tool: look }, expect: { outcome: require }', 'call.tool: "look" has "approval: none"'],
    [
      'call: { agent: ops, tool: deploy }, expect: { outcome: reject, rule: s }',
      'expect.rule: there is no rule "s" under policies.rules',
    ],
    [
      'call: { agent: ops, tool: deploy }, expect: { outcome: reject, rule: r, approvals: 1 }',
      'expect.approvals: no one approves when the outcome is reject: omit it',
    ],
  ])('is about what there is, and can pass: not %s', (test, problem) => {
    const problems = problemsOf(`${head}\n${rules}\npolicy_tests:\n  - { name: t, ${test} }`);
    expect(problems).toEqual([expect.stringContaining(`policy_tests.0.${problem}`)]);
  });

  it('has a name of its own', () => {
    const test = '{ name: t, call: { agent: ops, tool: deploy }, expect: { outcome: require, rule: null } }';
    expect(problemsOf(`${head}\npolicy_tests:\n  - ${test}\n  - ${test}`)).toEqual([
      '9:7 policy_tests.1.name: "t" is taken by policy_tests.0: give each another name',
    ]);
  });

  it('are that glass is broken by nobody, or where nobody is notified', () => {
    expect(problemsOfRequire('break_glass: [nobody]')).toEqual([
      'break_glass: raises an alarm, and there is no channel for it: declare one under channels',
      'break_glass.0: there is no group "nobody": declare it under groups',
    ]);
    const channel =
      'channels: [{ name: ops, email: { smtp_url: "smtp://mail.example", from: a@b.example, to: [c@d.example] } }]';
    const file = (channels: string) =>
      `${head}\n${channels}\npolicies: { default: { require: { break_glass: [pair] } } }`;
    expect(problemsOf(file(channel))).toEqual([]);
    expect(problemsOf(file(channel.replace('ops,', 'ops, agents: [ops],')))).toEqual([
      expect.stringContaining('there is no channel for it'),
    ]);
    const browsers = (name: string) => `{ name: ${name}, web_push: { contact: "mailto:a@b.example" } }`;
    expect(problemsOf(file(`channels: [${browsers('one')}, ${browsers('two')}]`))).toEqual([
      expect.stringContaining('there is one channel of Web Push at most'),
      expect.stringContaining('there is no channel for it'),
    ]);
    expect(problemsOf(`${head}\n${channel.replace('ops,', 'ops, agents: [opps],')}`)).toEqual([
      expect.stringContaining('channels.0.agents.0: there is no agent "opps"'),
    ]);
  });
});
