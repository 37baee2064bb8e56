import { RetryableError } from '@countersign/contracts/problems';
import { after } from '@countersign/contracts/time';
import { agentOf } from '@countersign/definitions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agent, byCaller, callIn, callTo, completed, resolved, text, tools } from '../../test/run.fixtures.js';
import { Given, soon, type Process } from '../../test/runner.fixtures.js';

let given: Given;
beforeEach(() => void (given = new Given()));
afterEach(() => given.close());

describe('an ungated call', () => {
  it('is made at once and beside the others of its turn, and its output goes to the model', async () => {
    const process = given.open();
    const lookUp = process.hold('look_up');
    await given.begin(process);
    (await given.model.asked()).answer(callTo('look_up', 'a', { what: 'x' }), callTo('look_up', 'b', { what: 'y' }));
    await lookUp.called(2);
    expect(lookUp.calls).toMatchObject([
      { run_id: 'run-1', tool_call_id: 'a', args: { what: 'x' } },
      { run_id: 'run-1', tool_call_id: 'b', args: { what: 'y' } },
    ]);
    expect(given.model.questions).toHaveLength(1);
    lookUp.calls[1]!.end('second');
    await expect.poll(() => given.stateOf('b'), soon).toBe('answered');
    lookUp.calls[0]!.end('first');
    expect([await given.outputOf(2, 'a'), await given.outputOf(2, 'b')]).toEqual(['first', 'second']);
  });

  it('that throws reaches the model as failed', async () => {
    const process = given.open();
    const lookUp = process.hold('look_up');
    await given.begin(process);
    (await given.model.asked()).answer(callTo('look_up', 'a'));
    (await lookUp.called()).fail(new Error('the disk is full'));
    expect(await given.outputOf(2, 'a')).toMatch(/^The call was made and failed: the disk is full\n/);
    expect(callIn(await given.run(), 'a').tool_execution.tool_call_error).toBe(true);
  });

  it('tells the model the beginning and the end of an output that is too long', async () => {
    const process = given.open();
    const lookUp = process.hold('look_up');
    await given.begin(process);
    (await given.model.asked()).answer(callTo('look_up', 'a'));
    (await lookUp.called()).end(`head${'x'.repeat(30_000)}tail`);
    const output = String(await given.outputOf(2, 'a'));
    expect(output).toMatch(/^headx+\n\[10008 characters are left out here\]\nx+tail$/);
    expect(output.length).toBeLessThan(20_100);
  });

  it('is made again after a crash', async () => {
    const [dead, heir] = [given.open(), given.open()];
    const [first, second] = [dead.hold('look_up'), heir.hold('look_up')];
    await given.begin(dead);
    (await given.model.asked()).answer(callTo('look_up', 'a'));
    await first.called();
    dead.store.crash();
    heir.pool.start();
    given.clock = after(given.clock, 30_000);
    (await second.called()).end('found');
    expect(await given.outputOf(2, 'a')).toBe('found');
  });

  it('of a tool without a function is answered, and nothing is done', async () => {
    const process = given.open();
    await given.begin(process);
    (await given.model.asked()).answer(callTo('look_up', 'a'));
    expect(await given.outputOf(2, 'a')).toBe('Nothing was done. The tool "look_up" is out of reach now.');
  });
});

describe('a call that somebody lets through', () => {
  /** The run waits for a word of whoever started it. */
  async function paused(process: Process): Promise<void> {
    await given.begin(process);
    (await given.model.asked()).answer(callTo('send', 'a'));
    await given.until({ status: 'PAUSED' });
  }

  it('is made once it is confirmed, once, and recorded as started before', async () => {
    const process = given.open();
    const send = process.hold('send');
    await paused(process);
    expect(send.calls).toHaveLength(0);
    const confirmation = byCaller({ id: callIn(await given.run(), 'a').id, confirmed: true });
    await process.runner.handle('run-1', confirmation);
    const made = await send.called();
    expect(await given.stateOf('a')).toBe('started');
    await process.runner.handle('run-1', confirmation);
    made.end('sent');
    expect(await given.outputOf(2, 'a')).toBe('sent');
    await process.runner.handle('run-1', confirmation);
    (await given.model.asked(2)).answer(text('Done.'));
    await given.until({ status: 'COMPLETED' });
    expect(send.calls).toHaveLength(1);
  });

  it('is not made when it is refused', async () => {
    const process = given.open();
    const send = process.hold('send');
    await paused(process);
    await process.runner.handle('run-1', byCaller({ id: callIn(await given.run(), 'a').id, confirmed: false }));
    expect(await given.outputOf(2, 'a')).toMatch(/^The call was NOT made\. The user rejected it\./);
    expect(send.calls).toHaveLength(0);
  });

  it('that was under way in a crash is not made again, and the model gets that nobody knows', async () => {
    const [dead, heir] = [given.open(), given.open()];
    const [first, second] = [dead.hold('send'), heir.hold('send')];
    await paused(dead);
    await given.confirm(dead, 'a');
    await first.called();
    dead.store.crash();
    heir.pool.start();
    given.clock = after(given.clock, 30_000);
    expect(await given.outputOf(2, 'a')).toMatch(/^It is UNKNOWN whether this call was made/);
    expect(second.calls).toHaveLength(0);
    expect(callIn(await given.run(), 'a').tool_execution.tool_call_error).toBe(true);
  });

  it('is made by the heir when the crash came before it was recorded as started', async () => {
    const [dead, heir] = [given.open(), given.open()];
    const [first, second] = [dead.hold('send'), heir.hold('send')];
    await paused(dead);
    dead.store.loseReply = ({ state }) => {
      if (state.calls[0]?.state === 'ready') dead.store.crash();
      return undefined;
    };
    await given.confirm(dead, 'a');
    heir.pool.start();
    given.clock = after(given.clock, 30_000);
    (await second.called()).end('sent');
    expect(await given.outputOf(2, 'a')).toBe('sent');
    expect(first.calls).toHaveLength(0);
  });

  it('is made once, though the store took the start and its reply was lost', async () => {
    const process = given.open();
    const send = process.hold('send');
    await paused(process);
    let lost = 0;
    process.store.loseReply = ({ state }) =>
      state.calls[0]?.state === 'started' && lost++ === 0 ? new RetryableError('timed out') : undefined;
    await given.confirm(process, 'a');
    (await send.called()).end('sent');
    expect(await given.outputOf(2, 'a')).toBe('sent');
    expect(send.calls).toHaveLength(1);
  });

  it('is made by the worker that has the run, while another call of the turn goes on', async () => {
    const process = given.open();
    const [lookUp, send] = [process.hold('look_up'), process.hold('send')];
    await given.begin(process);
    (await given.model.asked()).answer(callTo('look_up', 'a'), callTo('send', 'b'));
    const slow = await lookUp.called();
    const { lease } = await given.run();
    await given.confirm(process, 'b');
    (await send.called()).end('sent');
    await expect.poll(() => given.stateOf('b'), soon).toBe('answered');
    expect(await given.run()).toMatchObject({ status: 'RUNNING', lease: { worker: lease!.worker } });
    expect(given.model.questions).toHaveLength(1);
    slow.end('found');
    expect([await given.outputOf(2, 'a'), await given.outputOf(2, 'b')]).toEqual(['found', 'sent']);
  });

  it('that is confirmed elsewhere is made here once this process sees it', async () => {
    const [here, there] = [given.open(), given.open()];
    const [lookUp, send] = [here.hold('look_up'), here.hold('send')];
    await given.begin(here);
    (await given.model.asked()).answer(callTo('look_up', 'a'), callTo('send', 'b'));
    await lookUp.called();
    await given.confirm(there, 'b');
    await here.runner.look('run-1');
    await send.called();
  });

  it('that is confirmed elsewhere is made here also when no word of it arrives', async () => {
    const [here, elsewhere] = [given.open(), given.open({ size: 0 })];
    const [look, send] = [here.hold('look_up'), here.hold('send')];
    await given.begin(here);
    (await given.model.asked()).answer(callTo('look_up', 'a'), callTo('send', 'b'));
    await look.called();
    await given.confirm(elsewhere, 'b');
    (await send.called()).end('sent');
  });

  it('that was approved is never made here: the run waits for the executor', async () => {
    const process = given.open();
    const refund = process.hold('refund');
    await given.begin(process);
    (await given.model.asked()).answer(callTo('refund', 'a'));
    const asked = callIn(await given.until({ status: 'PAUSED' }), 'a');
    await process.runner.handle('run-1', resolved(asked, 'approved'));
    expect(await given.run()).toMatchObject({ status: 'PAUSED', calls: [{ confirmation: true }] });
    await process.runner.handle('run-1', completed(asked, 'refunded'));
    expect(await given.outputOf(2, 'a')).toBe('refunded');
    expect(refund.calls).toHaveLength(0);
  });

  it.each([
    [
      'whose arguments no longer fit',
      { ...tools.send, parameters: { type: 'object', required: ['amount'] } },
      /^Nothing was done\. agent "ops" has changed since the run started: tool "send": parameters/,
    ],
    [
      'whose tool there is no more',
      undefined,
      /^Nothing was done\. agent "ops" has changed since the run started: tool "send" is gone/,
    ],
  ])('%s is not made', async (_, tool, expected) => {
    const process = given.open();
    const send = process.hold('send');
    await paused(process);
    const { version: _version, ...definition } = agent;
    process.agents.agents.set('ops', agentOf({ ...definition, tools: tool ? [tool] : [] }));
    await given.confirm(process, 'a');
    await given.until({ status: 'ERROR' });
    expect(callIn(await given.run(), 'a').tool_execution).toMatchObject({
      result: expect.stringMatching(expected),
      tool_call_error: true,
    });
    expect(send.calls).toHaveLength(0);
  });
});

describe('a process that stops', () => {
  it('sees a gated call to its end and drops the others, and another asks the model', async () => {
    const [process, next] = [given.open(), given.open()];
    const [lookUp, send] = [process.hold('look_up'), process.hold('send')];
    const again = next.hold('look_up');
    await given.begin(process);
    (await given.model.asked()).answer(callTo('look_up', 'a'), callTo('send', 'b'));
    const ungated = await lookUp.called();
    await given.confirm(process, 'b');
    const gated = await send.called();
    ungated.signal.addEventListener('abort', () => ungated.fail(new Error('dropped')));
    const stopped = process.stop();
    expect([ungated.signal.aborted, gated.signal.aborted]).toEqual([true, false]);
    gated.end('sent');
    await stopped;
    expect(await given.run()).toMatchObject({ status: 'PENDING', lease: null });
    next.pool.start();
    (await again.called()).end('found');
    expect([await given.outputOf(2, 'a'), await given.outputOf(2, 'b')]).toEqual(['found', 'sent']);
  });
});
