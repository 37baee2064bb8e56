import { RetryableError } from '@countersign/contracts';
import { agentOf } from '@countersign/definitions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agent, call, callIn, callTo, completed, resolved, text, tools } from './run.given.js';
import { Given, soon, type Process } from './runner.given.js';

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

  it('that throws is told to the model as failed', async () => {
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
    given.clock += 30_000;
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

describe('a gated call', () => {
  /** The run waits for the approval of a refund. */
  async function paused(process: Process): Promise<void> {
    await given.begin(process);
    (await given.model.asked()).answer(callTo('refund', 'a'));
    await given.until({ status: 'PAUSED' });
  }

  it('is made once it is approved, once, and recorded as started before', async () => {
    const process = given.open();
    const refund = process.hold('refund');
    await paused(process);
    expect(refund.calls).toHaveLength(0);
    const approval = resolved(callIn(await given.run(), 'a'), 'approved');
    await process.runner.handle('run-1', approval);
    const made = await refund.called();
    expect(await given.stateOf('a')).toBe('started');
    await process.runner.handle('run-1', approval);
    made.end('refunded');
    expect(await given.outputOf(2, 'a')).toBe('refunded');
    await process.runner.handle('run-1', approval);
    (await given.model.asked(2)).answer(text('Done.'));
    await given.until({ status: 'COMPLETED' });
    expect(refund.calls).toHaveLength(1);
  });

  it('is not made when it is rejected', async () => {
    const process = given.open();
    const refund = process.hold('refund');
    await paused(process);
    await process.runner.handle('run-1', resolved(callIn(await given.run(), 'a'), 'rejected'));
    expect(await given.outputOf(2, 'a')).toMatch(/^The call was NOT made\. bob rejected it\./);
    expect(refund.calls).toHaveLength(0);
  });

  it('that was under way in a crash is not made again, and the model is told that nobody knows', async () => {
    const [dead, heir] = [given.open(), given.open()];
    const [first, second] = [dead.hold('refund'), heir.hold('refund')];
    await paused(dead);
    await given.approve(dead, 'a');
    await first.called();
    dead.store.crash();
    heir.pool.start();
    given.clock += 30_000;
    expect(await given.outputOf(2, 'a')).toMatch(/^It is UNKNOWN whether this call was made/);
    expect(second.calls).toHaveLength(0);
    expect(callIn(await given.run(), 'a').tool_execution.tool_call_error).toBe(true);
  });

  it('is made by the heir when the crash came before it was recorded as started', async () => {
    const [dead, heir] = [given.open(), given.open()];
    const [first, second] = [dead.hold('refund'), heir.hold('refund')];
    await paused(dead);
    dead.store.loseReply = ({ state }) => {
      if (state.calls[0]?.state === 'ready') dead.store.crash();
      return undefined;
    };
    await given.approve(dead, 'a');
    heir.pool.start();
    given.clock += 30_000;
    (await second.called()).end('refunded');
    expect(await given.outputOf(2, 'a')).toBe('refunded');
    expect(first.calls).toHaveLength(0);
  });

  it('is made once, though the store took the start and its reply was lost', async () => {
    const process = given.open();
    const refund = process.hold('refund');
    await paused(process);
    let lost = 0;
    process.store.loseReply = ({ state }) =>
      state.calls[0]?.state === 'started' && lost++ === 0 ? new RetryableError('timed out') : undefined;
    await given.approve(process, 'a');
    (await refund.called()).end('refunded');
    expect(await given.outputOf(2, 'a')).toBe('refunded');
    expect(refund.calls).toHaveLength(1);
  });

  it('is made by the worker that has the run, while another call of the turn goes on', async () => {
    const process = given.open();
    const [lookUp, refund] = [process.hold('look_up'), process.hold('refund')];
    await given.begin(process);
    (await given.model.asked()).answer(callTo('look_up', 'a'), callTo('refund', 'b'));
    const slow = await lookUp.called();
    const { lease } = await given.run();
    await given.approve(process, 'b');
    (await refund.called()).end('refunded');
    await expect.poll(() => given.stateOf('b'), soon).toBe('answered');
    expect(await given.run()).toMatchObject({ status: 'RUNNING', lease: { worker: lease!.worker } });
    expect(given.model.questions).toHaveLength(1);
    slow.end('found');
    expect([await given.outputOf(2, 'a'), await given.outputOf(2, 'b')]).toEqual(['found', 'refunded']);
  });

  it('that is approved elsewhere is made here once this process hears of it', async () => {
    const [here, there] = [given.open(), given.open()];
    const [lookUp, refund] = [here.hold('look_up'), here.hold('refund')];
    await given.begin(here);
    (await given.model.asked()).answer(callTo('look_up', 'a'), callTo('refund', 'b'));
    await lookUp.called();
    await given.approve(there, 'b');
    await here.runner.look('run-1');
    await refund.called();
  });

  it('that is approved elsewhere is made here also when no word of it arrives', async () => {
    const [here, elsewhere] = [given.open(), given.open({ size: 0 })];
    const [look, refund] = [here.hold('look_up'), here.hold('refund')];
    await given.begin(here);
    (await given.model.asked()).answer(callTo('look_up', 'a'), callTo('refund', 'b'));
    await look.called();
    await given.approve(elsewhere, 'b');
    (await refund.called()).end('refunded');
  });

  it('that is made by somebody else leaves the run paused until its outcome arrives', async () => {
    const process = given.open();
    await given.begin(process);
    (await given.model.asked()).answer(call('a'));
    await given.until({ status: 'PAUSED' });
    await given.approve(process, 'a');
    expect(await given.run()).toMatchObject({ status: 'PAUSED' });
    await process.runner.handle('run-1', completed(callIn(await given.run(), 'a'), 'deployed'));
    expect(await given.outputOf(2, 'a')).toBe('deployed');
  });

  it.each([
    [
      'whose arguments no longer fit',
      { ...tools.refund, parameters: { type: 'object', required: ['amount'] } },
      /^Nothing was done\. agent "ops" has changed since the run started: tool "refund": parameters/,
    ],
    [
      'whose tool there is no more',
      undefined,
      /^Nothing was done\. agent "ops" has changed since the run started: tool "refund" is gone/,
    ],
  ])('%s is not made', async (_, tool, expected) => {
    const process = given.open();
    const refund = process.hold('refund');
    await paused(process);
    const { version: _version, ...definition } = agent;
    process.agents.agents.set('ops', agentOf({ ...definition, tools: tool ? [tool] : [] }));
    await given.approve(process, 'a');
    await given.until({ status: 'ERROR' });
    expect(callIn(await given.run(), 'a').tool_execution).toMatchObject({
      result: expect.stringMatching(expected),
      tool_call_error: true,
    });
    expect(refund.calls).toHaveLength(0);
  });

  it('with arguments that somebody approved and that do not fit is not made', async () => {
    const process = given.open();
    const refund = process.hold('refund');
    await paused(process);
    const asked = callIn(await given.run(), 'a');
    await process.runner.handle('run-1', resolved(asked, 'approved', { tool_args: { what: 7 } }));
    expect(await given.outputOf(2, 'a')).toMatch(/Nothing was done\. The arguments do not fit: what: must be string/);
    expect(refund.calls).toHaveLength(0);
  });
});

describe('a process that stops', () => {
  it('sees a gated call to its end and drops the others, and another asks the model', async () => {
    const [process, next] = [given.open(), given.open()];
    const [lookUp, refund] = [process.hold('look_up'), process.hold('refund')];
    const again = next.hold('look_up');
    await given.begin(process);
    (await given.model.asked()).answer(callTo('look_up', 'a'), callTo('refund', 'b'));
    const ungated = await lookUp.called();
    await given.approve(process, 'b');
    const gated = await refund.called();
    ungated.signal.addEventListener('abort', () => ungated.fail(new Error('dropped')));
    const stopped = process.stop();
    expect([ungated.signal.aborted, gated.signal.aborted]).toEqual([true, false]);
    gated.end('refunded');
    await stopped;
    expect(await given.run()).toMatchObject({ status: 'PENDING', lease: null });
    next.pool.start();
    (await again.called()).end('found');
    expect([await given.outputOf(2, 'a'), await given.outputOf(2, 'b')]).toEqual(['found', 'refunded']);
  });
});
