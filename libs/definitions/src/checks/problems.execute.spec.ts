import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/problems.fixtures.js';

const where = 'tools.0.execute';
/** What is wrong with how the calls of a tool are made, which has the arguments a, always, and b. */
const problemsWith = (...execute: string[]) =>
  problemsOf(
    [
      'tools:',
      '  - name: t',
      '    description: T.',
      '    parameters: { type: object, properties: { a: { type: string }, b: { type: string } }, required: [a] }',
      '    execute:',
      ...execute.map((line) => `      ${line}`),
    ].join('\n'),
  );
/** Without their places, which are the business of others. */
const messagesWith = (...execute: string[]) => problemsWith(...execute).map((line) => line.replace(/^\S+ /, ''));
const command = 'command: { program: ls }';

describe('how calls are made', () => {
  it.each([
    ['semantics: idempotent', 'must have exactly one of command, http, kafka, manual, caller'],
    [
      'command: { program: ls }, manual: {}',
      'must have exactly one of command, http, kafka, manual, caller, and this has command and manual',
    ],
  ])('is one of five ways, not %s', (fields, problem) => {
    expect(messagesWith(`{ ${fields} }`)).toEqual([`${where}: ${problem}`]);
  });

  it('has a key that shows nothing that is redacted', () => {
    const lines = (redact: string) => [
      'tools:',
      '  - name: t',
      '    description: T.',
      '    parameters: { type: object, properties: { a: { type: string } }, required: [a] }',
      `    redact: [${redact}]`,
      `    execute: { ${command}, concurrency_key: "{{arguments.a}}" }`,
    ];
    expect(problemsOf(lines('').join('\n'))).toEqual([]);
    expect(problemsOf(lines('a').join('\n'))).toEqual([
      `6:42 ${where}.concurrency_key: {{arguments.a}} is under redact, and a key is shown to people: make the key of other arguments`,
    ]);
  });

  it('has terms that can be kept', () => {
    const problems = problemsWith(
      command,
      'retry: { delay: 5m }',
      'wait: 1h',
      'start_within: 30m',
      "concurrency_key: '{{arguments.a}}/{{arguments.b}}/{{arguments.c}}/{{execution.id}}/{{env.REGION}}'",
      'change_windows:',
      '  - { from: "09:00", until: "24:00", time_zone: Europe/Berlin }',
      '  - { from: "09:00", until: "17:00", time_zone: Europe/Berln }',
    );
    expect(problems).toEqual([
      `7:16 ${where}.retry.delay: is longer than max_delay, 60 s`,
      `9:7 ${where}.start_within: is over before wait is: no call would ever begin`,
      `10:7 ${where}.concurrency_key: {{arguments.b}} is part of the key, so no call can do without it: list it under parameters.required`,
      `10:7 ${where}.concurrency_key: {{arguments.c}} is no argument of this tool: declare it under parameters.properties`,
      `10:7 ${where}.concurrency_key: {{execution.id}} has no value here`,
      `13:44 ${where}.change_windows.1.time_zone: "Europe/Berln" is not known as a time zone: use an IANA name such as Europe/Berlin`,
    ]);
  });

  it.each(['24:00', '9:00', '25:00', '09:60'])('has no window from %s', (from) => {
    expect(messagesWith(command, `change_windows: [{ from: '${from}', until: '17:00' }]`)).toEqual([
      `${where}.change_windows.0.from: must be a time of day such as 09:00`,
    ]);
  });
});

describe('a program', () => {
  it('cannot mean two things with one exit code', () => {
    expect(
      messagesWith('command: { program: ls, retry_on_exit_codes: [75, 1], unknown_on_exit_codes: [76, 1] }'),
    ).toEqual([`${where}.command.unknown_on_exit_codes.1: 1 is under retry_on_exit_codes too: it cannot mean both`]);
  });

  it('never lets a call say which option it gives', () => {
    expect(
      messagesWith(
        "command: { program: ls, args: ['-{{arguments.a}}', '--{{ arguments.a }}=1', '-n{{arguments.a}}', '--', '-{{arguments.a}}'], allow_leading_dash: [a, c] }",
      ),
    ).toEqual([
      `${where}.command.args.0: would let a call say which option it is: name the option, as in --name={{arguments.name}}`,
      `${where}.command.args.1: would let a call say which option it is: name the option, as in --name={{arguments.name}}`,
      `${where}.command.allow_leading_dash.1: "c" is no argument of this tool: declare it under parameters.properties`,
    ]);
  });

  it('that is asked what came of a call is as bound as the one that makes it', () => {
    const status =
      "status: { program: '{{arguments.a}}', args: ['{{arguments.a}}', '{{arguments.c}}', '{{response./a}}'] }";
    expect(messagesWith(`command: { program: ls, ${status} }`)).toEqual([
      `${where}.command.status.program: can have no placeholders: what a call runs is always the same`,
      `${where}.command.status.args.1: {{arguments.c}} is no argument of this tool: declare it under parameters.properties`,
      `${where}.command.status.args.2: {{response./a}} has no value here`,
    ]);
  });
});

describe('a request', () => {
  const messagesOfHttp = (...fields: string[]) =>
    messagesWith('http:', ...fields.map((line) => `  ${line}`)).map((line) => line.replace(`${where}.http`, ''));
  const url = 'url: https://x.example/';

  it('passes on what there is', () => {
    expect(
      messagesOfHttp(
        "url: '{{env.API}}/{{arguments.a}}/{{execution.id}}?b={{arguments.b}}'",
        "headers: { authorization: 'Bearer {{env.TOKEN}}', x-run: '{{run.id}}' }",
        "body: { a: ['{{arguments.a}}', 1, null], attempt: '{{execution.attempt}}' }",
        "poll: { url: '{{env.API}}/runs/{{response./id}}', status: /status, succeeded: [done] }",
        "status: { url: '{{env.API}}/runs/{{execution.id}}', status: /status, succeeded: [done] }",
      ),
    ).toEqual([]);
  });

  it('has a token of its own, or an Authorization', () => {
    const token = "token: { endpoint: 'https://x.example', client_id: a, client_secret: '{{env.SECRET}}', scope: b }";
    expect(messagesOfHttp(url, token, "headers: { x-api-version: '1' }")).toEqual([]);
    expect(messagesOfHttp(url, 'token: { command: x }', "headers: { Authorization: 'Bearer {{env.T}}' }")).toEqual([
      '.token: is sent as Authorization, which is among the headers already',
    ]);
  });

  it('may be followed where its answer says, by a header or a whole URL, and says who decided', () => {
    const by = "body: { by: '{{approval.resolved_by}}', user: '{{run.user_id}}' }";
    for (const at of [
      '{{response.headers.location}}',
      '{{response./self}}',
      'https://x.example/{{response.headers.x-id}}',
    ])
      expect(messagesOfHttp(url, by, `poll: { url: '${at}', status: /s, succeeded: [a] }`)).toEqual([]);
    expect(messagesOfHttp(url, 'done: [202]')).toEqual([]);
  });

  it.each([
    [
      'an argument that may be absent in a path',
      "url: 'https://x.example/{{arguments.b}}'",
      '.url: {{arguments.b}} fills a path segment, so no call can do without it: list it under parameters.required',
    ],
    [
      'an argument that there is not',
      "url: 'https://x.example/?c={{arguments.c}}'",
      '.url: {{arguments.c}} is no argument of this tool: declare it under parameters.properties',
    ],
    [
      'an argument as its host',
      "url: 'https://{{arguments.a}}/'",
      '.url: {{arguments.a}} cannot choose the scheme or the host: only {{env.NAME}} may stand there',
    ],
    [
      'an answer before there is one',
      "url: 'https://x.example/{{response./id}}'",
      '.url: {{response./id}} has no value here',
    ],
    [
      'a URL that anybody can read',
      'url: http://x.example/',
      '.url: must begin with https://; allow_private lets http:// pass',
    ],
  ])('cannot have %s', (_, field, problem) => {
    expect(messagesOfHttp(field)).toEqual([problem]);
  });

  it.each([
    ["token: { endpoint: 'https://x.example', client_id: a }", '.token.client_secret: is missing'],
    [
      "token: { endpoint: 'https://x.example', client_id: a, client_secret: hunter2 }",
      '.token.client_secret: must be {{env.NAME}}: this file is no place for it',
    ],
    [
      "token: { command: x, env: { A: '{{arguments.a}}' } }",
      '.token.env.A: {{arguments.a}} has no value here: only {{env.NAME}} does',
    ],
    ["headers: { 'x y': a }", '.headers.x y: is not the name of a header'],
    ["headers: { '{{arguments.a}}': a }", '.headers.{{arguments.a}}: is not the name of a header'],
    ['headers: { Idempotency-Key: a }', '.headers.Idempotency-Key: is set automatically'],
    ['headers: { content-length: "0" }', '.headers.content-length: is set automatically'],
    ['headers: { x: "a\\r\\nb" }', '.headers.x: can have no line breaks'],
    [
      "headers: { x: '{{arguments.c}}' }",
      '.headers.x: {{arguments.c}} is no argument of this tool: declare it under parameters.properties',
    ],
    [
      "body: { a: { '{{arguments.a}}': 1 } }",
      '.body.a.{{arguments.a}}: can have no placeholder in its name: only values are filled in',
    ],
    [
      "body: { a: [{ b: '{{arguments.c}}' }] }",
      '.body.a.0.b: {{arguments.c}} is no argument of this tool: declare it under parameters.properties',
    ],
    ["body: { a: '{{response./id}}' }", '.body.a: {{response./id}} has no value here'],
    [
      "poll: { url: 'https://x.example/', status: /s, succeeded: [] }",
      '.poll.succeeded: Too small: expected array to have >=1 items',
    ],
    [
      "poll: { url: 'https://x.example/', status: /s, succeeded: [a], failed: [b, a] }",
      '.poll.failed.1: "a" is under succeeded too: it cannot mean both',
    ],
    [
      "poll: { url: 'https://{{response./host}}/', status: /s, succeeded: [a] }",
      '.poll.url: {{response./host}} cannot choose the scheme or the host: only {{env.NAME}} may stand there',
    ],
    [
      "poll: { url: 'http://x.example/', status: /s, succeeded: [a] }",
      '.poll.url: must begin with https://; allow_private lets http:// pass',
    ],
    [
      "poll: { url: 'https://x.example/', status: s, succeeded: [a] }",
      '.poll.status: must be a JSON pointer (RFC 6901) such as /status',
    ],
    [
      "status: { url: '{{response.headers.location}}', status: /s, succeeded: [a] }",
      '.status.url: {{response.headers.location}} cannot choose the scheme or the host: only {{env.NAME}} may stand there',
    ],
    [
      "poll: { url: '{{response.headers.location}}/state', status: /s, succeeded: [a] }",
      '.poll.url: {{response.headers.location}} cannot choose the scheme or the host: only {{env.NAME}} may stand there',
    ],
    ["body: { a: '{{response.headers.location}}' }", '.body.a: {{response.headers.location}} has no value here'],
    [
      "status: { url: 'https://x.example/{{response./id}}', status: /s, succeeded: [a] }",
      '.status.url: {{response./id}} has no value here',
    ],
  ])('cannot have %s', (field, problem) => {
    expect(messagesOfHttp(url, field)).toEqual([problem]);
  });

  it('has no body with GET', () => {
    expect(messagesOfHttp(url, 'method: GET', 'body: {}')).toEqual(['.body: is not sent with GET']);
  });

  it('may be plain where private addresses are allowed', () => {
    expect(messagesOfHttp('url: http://x.internal/', 'allow_private: true')).toEqual([]);
  });
});

describe('a request over Kafka', () => {
  const messagesOfKafka = (...fields: string[]) =>
    messagesWith(`kafka: { ${fields.join(', ')} }`).map((line) => line.replace(`${where}.kafka`, ''));
  const topics = 'topic: requests, reply_topic: replies';
  const value = "value: '{{arguments.a}}'";

  it('passes on what there is', () => {
    expect(
      messagesOfKafka(
        topics,
        "key: '{{arguments.a}}', headers: { tenant: '{{env.TENANT}}' }",
        value,
        'status: /s, succeeded: [a], failed: [b]',
      ),
    ).toEqual([]);
  });

  it.each([
    [
      'topic: approval.resolve_requested, reply_topic: replies',
      '.topic: is a topic of Countersign itself: use one of the target platform',
    ],
    [
      'topic: requests, reply_topic: dead-letters',
      '.reply_topic: is a topic of Countersign itself: use one of the target platform',
    ],
    ['topic: requests, reply_topic: requests', '.reply_topic: must be another topic than topic'],
    ['topic: a b, reply_topic: replies', '.topic: must be the name of a topic'],
  ])('goes from one topic of another platform to another, not %s', (fields, problem) => {
    expect(messagesOfKafka(fields, value)).toEqual([problem]);
  });

  it.each([
    [
      "key: '{{arguments.c}}'",
      '.key: {{arguments.c}} is no argument of this tool: declare it under parameters.properties',
    ],
    ['headers: { correlation-id: a }', '.headers.correlation-id: is set automatically'],
    ["headers: { '{{arguments.a}}': a }", '.headers.{{arguments.a}}: can have no placeholder in its name'],
    ["headers: { a: '{{response./a}}' }", '.headers.a: {{response./a}} has no value here'],
    ['status: /s', '.status: needs "succeeded": the values there that mean success'],
    ['failed: [a]', '.failed: needs "status": where the reply has these values'],
    ['status: /s, succeeded: [a], failed: [a]', '.failed.0: "a" is under succeeded too: it cannot mean both'],
  ])('cannot have %s', (field, problem) => {
    expect(messagesOfKafka(topics, value, field)).toEqual([problem]);
  });
});
