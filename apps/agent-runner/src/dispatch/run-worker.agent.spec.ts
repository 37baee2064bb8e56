import { RetryableError } from '@countersign/contracts/problems';
import type { Run } from '@countersign/contracts/runs';
import { agentOf } from '@countersign/definitions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agent, call, callIn, callTo, completed, text, tools } from '../../test/run.fixtures.js';
import { Given, request } from '../../test/runner.fixtures.js';

let given: Given;
beforeEach(() => void (given = new Given()));
afterEach(() => given.close());

describe('a run in a process that does not work by the file in force', () => {
  it('waits: no model is asked, and nothing is called that needed no approval before', async () => {
    const stale = given.open({
      fresh: async () => {
        throw new RetryableError('version 2 of the configuration is in force');
      },
    });
    await given.begin(stale);
    await given.until({ status: 'PENDING', error: 'version 2 of the configuration is in force' });
    expect(given.model.questions).toEqual([]);
  });

  it('looks before each call, and not before each question to the model', async () => {
    let looked = 0;
    let isInForce = true;
    const process = given.open({
      fresh: async (looks) => {
        if (looks) looked += 1;
        if (looks && !isInForce) throw new RetryableError('version 2 of the configuration is in force');
      },
    });
    const lookUp = process.hold('look_up');
    await given.begin(process);
    (await given.model.asked()).answer(callTo('look_up', 'a'));
    (await lookUp.called()).end('found');
    const question = await given.model.asked(2);
    expect(looked).toBe(2);
    isInForce = false;
    question.answer(callTo('look_up', 'b'));
    await given.until({ status: 'PENDING', error: 'version 2 of the configuration is in force' });
    expect(await given.stateOf('b')).toBe('ready');
  });
});

describe('a run whose agent changed', () => {
  const { version: _, ...definition } = agent;
  const other = agentOf({ ...definition, instructions: 'Something else.' });

  it('goes on with the instructions it started with when what it called means the same', async () => {
    const [before, after] = [given.open(), given.open()];
    await given.begin(before);
    (await given.model.asked()).answer(call('a'));
    await given.until({ status: 'PAUSED', agent_version: agent.version });
    await before.stop();
    after.agents.agents.set('ops', other);
    await after.runner.handle('run-1', completed(callIn(await given.run(), 'a')));
    const question = await given.model.asked(2);
    expect(question.agent).toMatchObject({ version: agent.version, instructions: agent.instructions });
    question.answer(text('Done.'));
    expect(await given.until({ status: 'COMPLETED' })).toMatchObject({ agent_version: agent.version });
    await after.runner.handle('run-2', request('run-2'));
    expect((await given.model.asked(3)).agent.version).toBe(other.version);
  });

  it('ends when a call it made would mean something else now, and says what differs', async () => {
    const [before, after] = [given.open(), given.open()];
    await given.begin(before);
    (await given.model.asked()).answer(call('a'));
    await given.until({ status: 'PAUSED' });
    const stricter = { ...tools.deploy_to_production, approval: 'audit' as const };
    after.agents.agents.set('ops', agentOf({ ...definition, tools: [stricter] }));
    await after.runner.handle('run-1', completed(callIn(await given.run(), 'a')));
    await given.until({
      status: 'ERROR',
      error:
        'agent "ops" has changed since the run started: tool "deploy_to_production": approval was "required" and is "audit"',
    });
  });

  it('loses a tool that is gated otherwise now, when it never called it', async () => {
    const [before, after] = [given.open(), given.open()];
    await given.begin(before);
    (await given.model.asked()).answer(call('a'));
    await given.until({ status: 'PAUSED' });
    const tightened = agent.tools.map((tool) =>
      tool.name === 'look_up' ? { ...tool, approval: 'required' as const, requires: 'confirmation' as const } : tool,
    );
    after.agents.agents.set('ops', agentOf({ ...definition, tools: tightened }));
    await after.runner.handle('run-1', completed(callIn(await given.run(), 'a')));
    const names = (await given.model.asked(2)).agent.tools.map(({ name }) => name);
    expect(names).toEqual(agent.tools.map(({ name }) => name).filter((name) => name !== 'look_up'));
  });

  it('ends when there is no such agent any more', async () => {
    const process = given.open();
    process.agents.agents.clear();
    await given.begin(process);
    await given.until({ status: 'ERROR', error: 'there is no agent "ops" any more' });
  });

  it('waits for an agent that is not complete yet, and looks again', async () => {
    const process = given.open();
    process.pool.start();
    process.agents.agents.clear();
    process.agents.away.set('ops', 'the MCP server of look_up is out of reach');
    await given.begin(process);
    const { due_at } = await given.until({
      status: 'PENDING',
      error: 'the MCP server of look_up is out of reach',
      failures: 0,
      lease: null,
    });
    process.agents.agents.set('ops', agent);
    given.clock = due_at!;
    (await given.model.asked()).answer(text('Hello.'));
    await given.until({ status: 'COMPLETED' });
  });

  it('makes an approved call once the server of its tool is back, and does not say that it failed', async () => {
    const process = given.open();
    const send = process.hold('send');
    await given.begin(process);
    (await given.model.asked()).answer(callTo('send', 'a'));
    await given.until({ status: 'PAUSED' });
    process.agents.agents.clear();
    process.agents.away.set('ops', 'the MCP server of send is out of reach');
    await given.confirm(process, 'a');
    const { due_at } = await given.until({ status: 'PENDING', error: 'the MCP server of send is out of reach' });
    expect(await given.stateOf('a')).toBe('ready');
    process.agents.agents.set('ops', agent);
    given.clock = due_at!;
    process.pool.start();
    (await send.called()).end('sent');
    expect(await given.outputOf(2, 'a')).toBe('sent');
  });

  it('cannot go on with a definition that nobody kept', async () => {
    const process = given.open();
    await given.begin(process);
    const { state } = await process.runs.execute('run-1', { type: 'cancel_requested', reason: null });
    const forgotten: Run = {
      ...state!,
      status: 'PENDING',
      due_at: given.clock,
      agent_version: 'gone',
      version: state!.version + 1,
    };
    await given.store.commit({ expected: state!.version, state: forgotten, events: [] });
    given.open().pool.start();
    await given.until({ status: 'ERROR', error: 'the definition gone that the run started with is not stored' });
  });
});
