import { annotationsOf, toolVersion, type ToolDefinition } from '@countersign/definitions';
import type { McpOutcome, McpTool, McpWatch } from '@countersign/mcp';
import { describe, expect, it } from 'vitest';
import { callWith, Follower } from '../../../test/adapter.fixtures.js';
import { describeAdapter } from '../../../test/adapter.contract.js';
import { McpAdapter } from './mcp.js';

const definition: ToolDefinition = {
  name: 'tool',
  description: '',
  parameters: { type: 'object', properties: { what: { type: 'string' } } },
  approval: 'required',
  requires: 'confirmation',
  user_input: [],
  redact: [],
  max_output: 100,
  made_by: 'executor',
};
const tool = (change: Partial<ToolDefinition> = {}) =>
  ({ name: 'at the server', timeout: 0.3, definition: { ...definition, ...change } }) as McpTool;

interface Given {
  now?: McpTool | undefined | Error;
  answer?: (watch: McpWatch) => Promise<McpOutcome>;
}
const answered = (text: string, isError = false): McpOutcome => ({ type: 'answered', text, isError });

/** A server that has this now, and what it was called with. */
function served({ answer = async () => answered('done'), ...rest }: Given = {}) {
  const now = 'now' in rest ? rest.now : tool();
  const calls: unknown[][] = [];
  const ask = async () => {
    if (now instanceof Error) throw now;
    return now;
  };
  const call = (...given: [string, Record<string, unknown>, McpWatch]) => {
    calls.push(given);
    return answer(given[2]);
  };
  return { adapter: new McpAdapter({ server: { name: 'srv', ask, call }, maxOutput: 100 }), calls };
}

/** As the server itself: it gives up on time, and when it is told to. */
const neverEnds = ({ signal, timeoutMs }: McpWatch): Promise<McpOutcome> =>
  new Promise((resolve) => {
    const giveUp = () => resolve({ type: 'unknown', reason: 'whether the call was made is not known' });
    signal.addEventListener('abort', giveUp);
    setTimeout(giveUp, timeoutMs);
  });

describeAdapter("an MCP server's tool", {
  async open(what) {
    const answer =
      what === 'never' ? neverEnds : async () => (what === 'fails' ? answered('no disk', true) : answered('done'));
    const { adapter, calls } = served({ answer });
    return { adapter, made: () => calls.length };
  },
});

describe("an MCP server's tool", () => {
  const execute = ({ adapter }: ReturnType<typeof served>, change = {}) =>
    adapter.execute(callWith({ what: 'it' }, { tool_version: toolVersion(definition), ...change }), new Follower());

  it('is called by its own name, with an id that stays the same', async () => {
    const server = served();
    await execute(server, { attempt: 3 });
    expect(server.calls).toMatchObject([
      ['at the server', { what: 'it' }, { timeoutMs: 300, execution: { id: 'execution-1', attempt: 3 } }],
    ]);
  });

  it.each<[string, Given, object]>([
    ['is out of reach', { now: new Error('ECONNREFUSED') }, { outcome: 'failed', retryable: true }],
    ['does not offer it any more', { now: undefined }, { outcome: 'not_begun', reason: /does not have tool now/ }],
    [
      'asks for other arguments now',
      { now: tool({ parameters: { type: 'object', required: ['why'] } }) },
      { outcome: 'failed', error: /has changed since it was requested: its parameters/ },
    ],
  ])('is not called when its server %s', async (_, given, expected) => {
    const server = served(given);
    const outcome = (await execute(server)) as unknown as Record<string, unknown>;
    for (const [field, value] of Object.entries(expected))
      expect(outcome[field]).toEqual(value instanceof RegExp ? expect.stringMatching(value) : value);
    expect(server.calls).toEqual([]);
  });

  it('is not called once its server says something else of it than when it was requested', async () => {
    const said = (destructiveHint: boolean) => ({ annotations: annotationsOf('srv', { destructiveHint }) });
    const tool_version = toolVersion({ ...definition, ...said(false) });
    const as = async (now: boolean) => {
      const server = served({ now: tool(said(now)) });
      return [(await execute(server, { tool_version })).outcome, server.calls.length];
    };
    expect(await as(false)).toEqual(['succeeded', 1]);
    expect(await as(true)).toEqual(['failed', 0]);
  });

  it('is not called with arguments that do not fit what the server has now', async () => {
    const server = served();
    expect(await execute(server, { tool_args: { what: 7 } })).toMatchObject({ outcome: 'failed' });
    expect(server.calls).toEqual([]);
  });

  it.each<[McpOutcome, object]>([
    [
      { type: 'not_sent', reason: 'no' },
      { outcome: 'failed', retryable: true },
    ],
    [
      { type: 'refused', reason: 'no' },
      { outcome: 'failed', error: 'no' },
    ],
    [
      { type: 'unknown', reason: 'broke off' },
      { outcome: 'unknown', reason: 'broke off' },
    ],
  ])('that came to %j is %j', async (came, expected) => {
    expect(await execute(served({ answer: async () => came }))).toEqual({
      ...(came.type === 'not_sent' && { error: 'no' }),
      ...expected,
    });
  });
});
