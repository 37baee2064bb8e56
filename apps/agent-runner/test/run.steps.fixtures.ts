import { isGated, type Call, type Run } from '@countersign/contracts/runs';
import { after } from '@countersign/contracts/time';
import fc from 'fast-check';
import * as given from './run.fixtures.js';
import type { RunMessage } from '../src/run/messages.js';

/** A message for a run: whom it is about depends on what the run asked for. */
export type Step = (run: Run | undefined, earlier: readonly RunMessage[]) => RunMessage;

const limits = fc.constantFrom(
  {},
  {},
  { max_steps: 3 },
  { budget: { tokens: 60, seconds: null } },
  { budget: { tokens: null, seconds: 40 } },
);
const callIds = fc.constantFrom('call_a', 'call_b', 'call_c');
const aCall = fc
  .tuple(fc.constantFrom(...(Object.keys(given.tools) as (keyof typeof given.tools)[])), callIds)
  .map(([name, id]) => {
    if (name === 'deploy_to_production') return given.call(id);
    return given.callTo(name, id, name === 'ask_person' ? { question: 'When?' } : { what: 'it' });
  });
const item = fc.oneof(
  { weight: 8, arbitrary: aCall },
  { weight: 1, arbitrary: fc.constant(given.call('call_bad', 'not a name')) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom({ call_id: '' }, { call_id: 'x'.repeat(1_200) }, { arguments: null }, { arguments: { what: 1 } })
      .map((odd) => ({ ...given.call('call_bad'), ...odd })),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'reasoning', encrypted_content: 'sealed' }) },
  { weight: 2, arbitrary: fc.constantFrom('', 'Hello.').map((words) => given.text(words)) },
);
const answer = fc
  .tuple(fc.array(item, { maxLength: 4 }), fc.constantFrom(null, null, null, 'max_output_tokens'), limits)
  .map(([items, incomplete, limit]) => {
    const message = given.responded(...items);
    return {
      ...message,
      agent: { ...given.agent, ...limit },
      response: { ...message.response, incomplete },
    };
  });

const callOf = (run: Run | undefined, n: number): Call => run?.calls[n % (run.calls.length || 1)] ?? elsewhere;
const elsewhere: Call = { ...given.callIn(given.paused, 'call_a'), id: 'elsewhere' };
const filledIn = (call: Call) =>
  given.resolved(call, 'approved', { tool_args: { ...call.tool_execution.tool_args, hours: 2, ticket: 'T-1' } });

/** A step about one of the calls. */
const about = (...messages: ((call: Call) => RunMessage)[]) =>
  fc.tuple(fc.nat(8), fc.constantFrom(...messages)).map(
    ([n, message]): Step =>
      (run) =>
        message(callOf(run, n)),
  );
const fixed = (...messages: RunMessage[]) =>
  fc.constantFrom(
    ...messages.map(
      (message): Step =>
        () =>
          message,
    ),
  );

/** What one of the workers says; the one that holds the run when it says so, most of the time. */
const byWorker = (steps: fc.Arbitrary<Step>) =>
  fc.tuple(steps, fc.constantFrom('worker-1', 'worker-2', null, null, null, null)).map(
    ([step, worker]): Step =>
      (run, earlier) =>
        ({ ...step(run, earlier), worker: worker ?? run?.lease?.worker ?? 'worker-1' }) as RunMessage,
  );
const failing =
  (agent: typeof given.agent): Step =>
  () =>
    ({ ...given.modelFailed(5), agent }) as RunMessage;
const ofWorker = byWorker(
  fc.oneof(
    { weight: 5, arbitrary: fixed(given.claimed) },
    { weight: 1, arbitrary: fixed(given.released, given.postponed, given.extended) },
    { weight: 1, arbitrary: fixed(given.responded(given.text('Hello.'))) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        { weight: 3, arbitrary: fixed(...[0, 5, null].map(given.modelFailed)) },
        { weight: 1, arbitrary: limits.map((limit) => failing({ ...given.agent, ...limit, max_failures: 2 })) },
      ),
    },
    {
      weight: 6,
      arbitrary: answer.map(
        (message): Step =>
          () =>
            message,
      ),
    },
    { weight: 6, arbitrary: about(given.callEnded, (call) => given.callEnded(call, 'no', true), startedIfGated) },
  ),
);

/** A worker says so only of a call that it must not make twice. */
function startedIfGated(call: Call): RunMessage {
  return isGated(call) ? given.callStarted(call) : given.callEnded(call);
}
const ofPeople = about(
  (call) => given.resolved(call, 'approved'),
  (call) => given.resolved(call, 'approved', { automatic: true }),
  (call) => given.resolved(call, 'approved', { resolution_data: { result: 'by hand' } }),
  filledIn,
  (call) => given.resolved(call, 'rejected'),
  (call) => given.resolved(call, 'expired'),
);
const ofCaller = about(
  ({ id }) => given.byCaller({ id, confirmed: true }),
  ({ id }) => given.byCaller({ id, confirmed: false }),
  ({ id }) => given.byCaller({ id, values: { answer: 'at noon' } }),
  ({ id }) => given.byCaller({ id, result: 'shown' }),
);
const ofExecutor = about(
  (call) => given.completed(call),
  (call) => given.failed(call),
  (call) => given.outcomeUnknown(call),
);
const again = fc.nat().map(
  (n): Step =>
    (_, earlier) =>
      earlier[n % earlier.length] ?? given.requested,
);
/** Anything that can reach a run, and mostly what keeps it going. */
export const step = fc.oneof(
  { weight: 1, arbitrary: fixed(given.requested, given.cancelRequested, { type: 'watched' }, { type: 'turn_came' }) },
  { weight: 1, arbitrary: fixed(given.retryRequested) },
  { weight: 24, arbitrary: ofWorker },
  { weight: 8, arbitrary: ofPeople },
  { weight: 6, arbitrary: ofCaller },
  { weight: 4, arbitrary: ofExecutor },
  { weight: 4, arbitrary: again },
);
/** Seconds until the next message; a lease is over after 30. */
export const pause = fc.constantFrom(0, 0, 0, 0, 1, 5, 40);
export const first = fc.constantFrom(given.requested, given.requested, given.withDeadline(after(given.now, 100_000)));
