import { RetryableError, TerminalError } from '@countersign/contracts/problems';
import { isGated, type Run } from '@countersign/contracts/runs';
import type { Commit } from '@countersign/persistence';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callTo, text } from '../../test/run.fixtures.js';
import { Given } from '../../test/runner.fixtures.js';

let given: Given;
beforeEach(() => void (given = new Given()));
afterEach(() => given.close());

describe('a store', () => {
  const outage = (times: number, when: (state: Run) => boolean) => (commit: Commit<Run>) =>
    when(commit.state) && times-- > 0 ? new RetryableError('out of reach') : undefined;

  it('that is out of reach delays what the model answered, and loses nothing of it', async () => {
    const process = given.open();
    await given.begin(process);
    const question = await given.model.asked();
    process.store.refuse = outage(2, ({ status }) => status === 'COMPLETED');
    question.answer(text('Hello.'));
    await given.until({ status: 'COMPLETED', content: 'Hello.' });
    expect(given.model.questions).toHaveLength(1);
  });

  it('that is out of reach delays the start and the end of a gated call, which is made once', async () => {
    const process = given.open();
    const send = process.hold('send');
    await given.begin(process);
    (await given.model.asked()).answer(callTo('send', 'a'));
    await given.until({ status: 'PAUSED' });
    process.store.refuse = outage(1, ({ calls }) => calls.some((each) => isGated(each) && each.state === 'started'));
    await given.confirm(process, 'a');
    const made = await send.called();
    process.store.refuse = outage(1, ({ calls }) => calls[0]?.state === 'answered');
    made.end('sent');
    expect(await given.outputOf(2, 'a')).toBe('sent');
    expect(send.calls).toHaveLength(1);
  });

  it('that took an answer while its reply was lost does not make the run take it twice', async () => {
    const process = given.open();
    const lookUp = process.hold('look_up');
    await given.begin(process);
    let lost = 0;
    process.store.loseReply = ({ state }) =>
      state.steps === 1 && lost++ === 0 ? new RetryableError('timed out') : undefined;
    (await given.model.asked()).answer(callTo('look_up', 'a'), callTo('grant', 'b', { what: 4 }));
    (await lookUp.called()).end('found');
    expect(await given.outputOf(2, 'a')).toBe('found');
    const { steps, calls } = await given.run();
    expect({ steps, calls: calls.length }).toEqual({ steps: 1, calls: 1 });
  });

  it('that took an answer with nothing but a call to correct, and lost its reply, counts one step', async () => {
    const process = given.open();
    await given.begin(process);
    let lost = 0;
    process.store.loseReply = ({ state }) =>
      state.steps === 1 && lost++ === 0 ? new RetryableError('timed out') : undefined;
    (await given.model.asked()).answer(callTo('look_up', 'a', { what: 4 }));
    await given.model.asked(2);
    expect((await given.run()).steps).toBe(1);
  });

  it.each([
    ['the model answered', 'what the model answered cannot be stored: 17 MB', 1],
    ['a call returned', 'what a call returned cannot be stored: 17 MB', 0],
  ])('that can never take what %s ends the run, which says so', async (_, error, step) => {
    const process = given.open();
    const lookUp = process.hold('look_up');
    await given.begin(process);
    process.store.refuse = ({ state }) =>
      state.status === 'RUNNING' && (step === 1 ? state.steps === 1 : state.calls[0]?.state === 'answered')
        ? new TerminalError('not_storable', '17 MB')
        : undefined;
    (await given.model.asked()).answer(callTo('look_up', 'a'));
    if (step === 0) (await lookUp.called()).end('much');
    await given.until({ status: 'ERROR', error });
  });
});
