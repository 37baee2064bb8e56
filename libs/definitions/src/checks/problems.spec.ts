import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/problems.fixtures.js';

/** The problems of a tool with these fields besides name and description, which are two lines. */
const problemsOfTool = (...fields: string[]) =>
  problemsOf(['tools:', '  - name: t', '    description: T.', ...fields.map((field) => `    ${field}`)].join('\n'));
const parameters = 'parameters: { type: object, properties: { a: { type: string } } }';

describe('what is wrong with a file', () => {
  it('is reported all at once, in the order of the lines: of YAML, of its shape and of its sense', () => {
    expect(
      problemsOf(`
agents:
  - id: ops
    name: Operations
    instruction: Deploy.
    tools: [deploy]
  - id: ops
    name: Support
    instructions: Help.
    tools: [help]
    max_steps: many
tools:
  - name: deploy
    description: Deploys.
    description: Deploys one version.
    parameters: { type: object }
    approval: none
mcp_server: []
`),
    ).toEqual([
      '3:5 agents.0.instructions: is missing',
      '5:5 agents.0.instruction: there is no such field',
      '7:5 agents.1.id: "ops" is taken by agents.0: give each another id',
      '11:5 agents.1.max_steps: expected number, received string',
      '13:5 tools.0: a tool without approval and requires is made by the runner, and this one has no function: write it in TypeScript and name its file under tool_modules, or take it from an MCP server',
      '15:5 Map keys must be unique',
      '18:1 mcp_server: there is no such field',
    ]);
  });

  it('is reported where a presentation names what no call has, or has a field that does not exist', () => {
    expect(
      problemsOfTool(
        parameters,
        'presentation:',
        "  title: 'Deploy {{a}} to {{environment}} {{ }}'",
        '  environment: { argument: env, values: { production: { color: pink } } }',
        '  first: [a, b]',
        '  formats: { script: shell }',
      ),
    ).toEqual([
      '7:61 tools.0.presentation.environment.values.production.color: expected one of "gray"|"blue"|"green"|"amber"|"red"',
    ]);
    expect(
      problemsOfTool(
        parameters,
        'presentation:',
        "  title: 'Deploy {{a}} to {{environment}} {{ }}'",
        '  environment: { argument: env }',
        '  first: [a, b]',
        '  formats: { script: shell }',
        '  risks: high',
      ),
    ).toEqual(['10:7 tools.0.presentation.risks: there is no such field']);
    const unknown = (name: string) => `"${name}" is no argument of this tool: declare it under parameters.properties`;
    expect(
      problemsOfTool(
        parameters,
        'presentation:',
        "  title: 'Deploy {{a}} to {{environment}} {{ }}'",
        '  environment: { argument: env }',
        '  first: [a, b]',
        '  formats: { script: shell }',
      ),
    ).toEqual([
      '6:7 tools.0.presentation.title: has braces that are no placeholder: an argument stands in it as {{name}}',
      `6:7 tools.0.presentation.title: ${unknown('environment')}`,
      `7:22 tools.0.presentation.environment.argument: ${unknown('env')}`,
      `8:18 tools.0.presentation.first.1: ${unknown('b')}`,
      `9:18 tools.0.presentation.formats.script: ${unknown('script')}`,
    ]);
  });

  it('is reported where a pattern is that takes no linear time, and what to write instead', () => {
    expect(
      problemsOf(`
tools:
  - name: t
    description: T.
    parameters:
      type: object
      properties:
        pattern: { type: string, enum: ['(?='] }
        a:
          type: string
          pattern: '^(?!prod)'
        b: { type: object, patternProperties: { '(x)\\1': {} } }
policies:
  rules:
    - { name: r, when: { arguments: { a: { matches: '(?<=a)b' } } }, then: { approve: true } }
`),
    ).toEqual([
      expect.stringMatching(
        /^11:11 tools\.0\.parameters\.properties\.a\.pattern: is no pattern: .* look-ahead .* not_equals/,
      ),
      expect.stringMatching(/^12:49 .*\.patternProperties\.\(x\)\\1: is no pattern: .* a back reference/),
      expect.stringMatching(/^15:44 .*\.a\.matches: is no pattern: .* look-behind/),
    ]);
  });

  it.each([
    ['an unclosed list', 'agents: [\ntools: []', /^2:1 .*\]/],
    ['a tab', 'agents:\n\t- id: x', /^2:1 Tabs are not allowed/],
    ['a second document', 'agents: []\n---\nagents: []', /^2:1 .*multiple documents/],
    ['a tag of its own', 'agents: !agents []', /^1:9 Unresolved tag: !agents/],
    ['a tag for bytes', 'agents: []\ntools: !!binary aGk=', /^2:8 Unresolved tag/],
    ['an alias of nothing', 'agents: *all', /^1:9 there is no anchor &all/],
    ['an integer that would become another', 'agents: []\ntools: [2512292042121000001]', /^2:9 .*write it in quotes/],
    ['the same in base 16', 'agents: 0x20000000000001', /^1:9 the number 0x20000000000001 cannot be kept exactly/],
    ['half of a character', String.raw`agents: "\ud800"`, /^1:9 half of a character/],
    ['__proto__', 'agents: []\nx:\n  __proto__: {}', /^3:3 no field can have the name __proto__/],
    ['a number without an end', 'agents: .inf', /^1:9 the number \.inf cannot be kept exactly/],
    ['a merge', 'x: &x { tools: [] }\n<<: *x', /^2:1 <<: there is no such field/],
    ['nothing at all', '# empty', /^1:\d+ expected object, received null/],
    ['a list', '- agents', /^1:1 expected object, received array/],
  ])('is told of %s', (_, text, problem) => {
    expect(problemsOf(text)).toContainEqual(expect.stringMatching(problem));
  });

  it('is reported of aliases that stand for too much', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`);
    expect(problemsOf(['a0: &a0 [x]', ...levels].join('\n'))).toEqual([
      '1:1 its aliases (*name) stand for more than 100 copies',
    ]);
  });

  it('is reported of a name that is taken', () => {
    const tool = `{ name: t, description: T., ${parameters} }`;
    const server = '{ name: s, command: s, tools: {} }';
    expect(problemsOf(`tools:\n- ${tool}\n- ${tool}\nmcp_servers:\n- ${server}\n- ${server}`)).toEqual([
      '3:5 tools.1.name: "t" is taken by tools.0: give each another name',
      '6:5 mcp_servers.1.name: "s" is taken by mcp_servers.0: give each another name',
    ]);
  });
});

describe('an agent', () => {
  const problemsOfAgent = (tools: string, rest = '') =>
    problemsOf(`agents:\n  - { id: a, name: A, instructions: A., tools: [${tools}] }\n${rest}`);

  it('may have tools that are somewhere', () => {
    expect(problemsOfAgent('t', `tools: [{ name: t, description: T., ${parameters} }]`)).toEqual([]);
    expect(problemsOfAgent('s__t, s/*', 'mcp_servers: [{ name: s, command: s, tools: {} }]')).toEqual([]);
    expect(problemsOfAgent('t', 'tool_modules: [./t.ts]')).toEqual([]);
  });

  it('may have a tool whose own mistakes are reported', () => {
    expect(problemsOfAgent('t', 'tools: [{ name: t }]').filter((line) => line.includes('agents'))).toEqual([]);
  });

  it.each([
    ['t', 'there is no tool "t": declare it under tools, or name the file it is in under tool_modules'],
    ['s/*', 'there is no MCP server "s": declare it under mcp_servers'],
    ['s/t', "must be the name of a tool, or an MCP server's followed by /*"],
  ])('cannot have %s when there is no such thing', (tool, message) => {
    expect(problemsOfAgent(tool)).toEqual([`2:49 agents.0.tools.0: ${message}`]);
  });

  it('has a tool once', () => {
    expect(problemsOfAgent('t, t', 'tool_modules: [./t.ts]')).toEqual([
      '2:52 agents.0.tools.1: t is listed twice: remove one',
    ]);
  });
});

describe('a tool', () => {
  it.each([
    ['parameters: { type: string }', 'must say "type: object", with each argument as a property'],
    ['parameters: {}', 'must say "type: object", with each argument as a property'],
    ['parameters: { type: object, required: a }', expect.stringContaining('is not a JSON Schema: ')],
    [
      'parameters: { type: object, properties: { a: { type: text } } }',
      expect.stringContaining('is not a JSON Schema'),
    ],
    [
      'parameters: { type: object, properties: { a: { $ref: "#/x" } } }',
      expect.stringContaining('is not a JSON Schema'),
    ],
  ])('has a JSON Schema of an object as its parameters, which %s is not', (field, message) => {
    const problems = problemsOfTool(field).map((line) => line.replace('4:5 tools.0.parameters: ', ''));
    expect(problems).toEqual([message]);
  });

  it('has the arguments that are filled in or hidden', () => {
    expect(problemsOfTool(parameters, 'requires: user_input', 'user_input: [a, b]', 'redact: [a, toString]')).toEqual([
      '6:21 tools.0.user_input.1: "b" is no argument of this tool: declare it under parameters.properties',
      '7:17 tools.0.redact.1: "toString" is no argument of this tool: declare it under parameters.properties',
    ]);
  });

  it('has fields to fill in only when somebody is asked to', () => {
    expect(problemsOfTool(parameters, 'user_input: [a]')).toEqual([
      '5:5 tools.0.user_input: names what a person fills in, so say "requires: user_input", or leave it out',
    ]);
  });

  it('is not decided on automatically when somebody has to fill something in', () => {
    expect(problemsOfTool(parameters, 'approval: audit', 'requires: user_input')).toEqual([
      '5:5 tools.0.approval: a person has to fill in the fields, so it cannot be decided automatically: use "approval: required" or "none"',
    ]);
  });

  it.each([
    ['approval: none', 'requires: external_execution'],
    ['approval: required', 'requires: user_input'],
  ])('is executed only once it is decided on, so not with %s and %s', (approval, requires) => {
    expect(problemsOfTool(parameters, approval, requires, 'execute: { command: { program: ls } }')).toEqual([
      '7:5 tools.0.execute: needs "requires: external_execution" and "approval: required" or "audit": the executor makes no call without a decision',
    ]);
  });

  it.each([
    [['approval: none'], '2:5 tools.0: a tool without approval and requires'],
    [['requires: confirmation'], '5:5 tools.0.requires: a tool that requires confirmation'],
    [['approval: none', 'requires: confirmation'], '6:5 tools.0.requires: a tool that requires confirmation'],
  ])('has no function here, so it cannot have %s', (fields, problem) => {
    const advice = 'write it in TypeScript and name its file under tool_modules, or take it from an MCP server';
    expect(problemsOfTool(parameters, ...fields)).toEqual([
      `${problem} is made by the runner, and this one has no function: ${advice}`,
    ]);
  });

  it('passes on what there is, and runs always the same program', () => {
    const problems = problemsOfTool(
      parameters,
      'execute:',
      '  command:',
      '    program: "{{arguments.a}}"',
      '    args:',
      '      - "{{arguments.a}} {{execution.id}} {{run.id}} {{env.HOME}} {{env.DIR:-a b}}"',
      '      - "{{arguments.b}}"',
      '      - "{{argument.a}}"',
      '      - "{{arguments.a"',
      '    env: { A: "{{arguments.a}}", B: "{{env.B}}" }',
    );
    const known =
      '{{arguments.NAME}}, {{execution.id}}, {{execution.attempt}}, {{run.id}}, {{run.user_id}}, {{approval.resolved_by}}, {{env.NAME}}, {{env.NAME:-DEFAULT}}, {{response./POINTER}} and {{response.headers.NAME}} are placeholders';
    expect(problems).toEqual([
      '7:9 tools.0.execute.command.program: can have no placeholders: what a call runs is always the same',
      '10:13 tools.0.execute.command.args.1: {{arguments.b}} is no argument of this tool: declare it under parameters.properties',
      `11:13 tools.0.execute.command.args.2: "{{argument.a}}" is not known: ${known}`,
      `12:13 tools.0.execute.command.args.3: "{{arguments.a" is not known: ${known}`,
      '13:16 tools.0.execute.command.env.A: {{arguments.a}} differs from call to call: pass it in args',
    ]);
  });
});

describe('an MCP server', () => {
  it.each([
    ['{ name: s, tools: {} }', '1:15 mcp_servers.0.command: is missing: a server has a command or a url'],
    ['{ name: s, command: s }', '1:15 mcp_servers.0.tools: is missing'],
    [
      '{ name: s, url: ftp://s, tools: {} }',
      '1:26 mcp_servers.0.url: must be a URL that begins with http:// or https://',
    ],
    ['{ name: s, url: "http://s", args: [], tools: {} }', '1:43 mcp_servers.0.args: there is no such field'],
    [
      '{ name: s, command: s, trust_read_only_hint: true, tools: { t: {} } }',
      '1:38 mcp_servers.0.trust_read_only_hint: is of the tools under "*", and there is no "*" under tools',
    ],
    [
      '{ name: s, command: s, leave_out_destructive: true, tools: { t: {} } }',
      '1:38 mcp_servers.0.leave_out_destructive: is of the tools under "*", and there is no "*" under tools',
    ],
    ['{ name: s, command: s, tools: { t: { gate: 1 } } }', '1:52 mcp_servers.0.tools.t.gate: there is no such field'],
    [
      '{ name: s, command: s, tools: { t: { user_input: [a] } } }',
      '1:52 mcp_servers.0.tools.t.user_input: names what a person fills in, so say "requires: user_input", or leave it out',
    ],
    [
      '{ name: s, command: s, env: { A: "{{run.id}}" }, tools: {} }',
      '1:45 mcp_servers.0.env.A: {{run.id}} has no value here: only {{env.NAME}} does',
    ],
    [
      '{ name: s, url: "http://s", headers: { a: "{{TOKEN}}" }, tools: {} }',
      expect.stringContaining('mcp_servers.0.headers.a: "{{TOKEN}}" is not known'),
    ],
  ])('is a program or an address: not %s', (server, problem) => {
    expect(problemsOf(`mcp_servers: [${server}]`)).toEqual([problem]);
  });
});
