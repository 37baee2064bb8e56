import { after } from '@countersign/contracts/time';
import { describeTransitions } from '@countersign/testing';
import { describe } from 'vitest';
import {
  asking,
  byCaller,
  call,
  callEnded,
  callIn,
  callStarted,
  callTo,
  cancelRequested,
  claimed,
  completed,
  continued,
  extended,
  failed,
  lease_ms,
  modelFailed,
  now,
  other,
  outcomeUnknown,
  released,
  requested,
  resolved,
  responded,
  text,
} from '../../test/run.fixtures.js';
import { decideRun } from './run.js';

const later = after(now, lease_ms);
const send = callTo('send', 'call_a');
const asksSend = asking(send);
const asked = callIn(asksSend, 'call_a');
const confirm = byCaller({ id: asked.id, confirmed: true });
const confirmed = continued(asksSend, now, confirm);
const ready = continued(confirmed, now, claimed);
const started = continued(ready, now, callStarted(asked));
const ofWorkers = {
  call_started: callStarted(asked),
  'call_started by another': other(callStarted(asked)),
  call_ended: callEnded(asked),
  'call_ended by another': other(callEnded(asked)),
};

describe('a run that asked for a call of the runner', () => {
  const sibling = callTo('grant', 'call_b', { what: 'it' });
  const two = asking(send, sibling);
  const forBoth = continued(two, now, confirm, claimed);
  describeTransitions({
    decide: decideRun,
    now,
    states: {
      'asked, PAUSED': asksSend,
      'asked beside a free call': asking(send, callTo('look_up', 'call_b')),
      'ready, PENDING': confirmed,
      ready,
      'ready beside an asked one': forBoth,
      started,
      'started beside an asked one': continued(forBoth, now, callStarted(asked)),
      answered: continued(started, now, callEnded(asked)),
    },
    messages: {
      ...ofWorkers,
      'approval.resolved: approved': resolved(asked, 'approved'),
      'approval.resolved: by policy': resolved(asked, 'approved', { automatic: true, approval_type: 'audit' }),
      'approval.resolved: done by hand': resolved(asked, 'approved', { resolution_data: { result: 'done' } }),
      'approval.resolved: rejected': resolved(asked, 'rejected'),
      'resolved_by_caller: confirmed': confirm,
      'resolved_by_caller: refused': byCaller({ id: asked.id, confirmed: false }),
      'model_responded: answer': responded(text('Hello.')),
      'model_failed, may pass': modelFailed(5_000),
      released,
      turn_came: { type: 'turn_came' },
      watched: { type: 'watched' },
      cancel_requested: cancelRequested,
    },
    table: `
| message                         | asked, PAUSED | asked beside a free call | ready, PENDING | ready       | ready beside an asked one | started     | started beside an asked one | answered    |
|---------------------------------|---------------|--------------------------|----------------|-------------|---------------------------|-------------|-----------------------------|-------------|
| call_started                    | x             | -                        | x              | RUNNING     | RUNNING                   | -           | -                           | -           |
| call_started by another         | x             | x                        | x              | x           | x                         | x           | x                           | x           |
| call_ended                      | x             | -                        | x              | RUNNING     | PAUSED p                  | RUNNING     | PAUSED p                    | -           |
| call_ended by another           | x             | x                        | x              | x           | x                         | x           | x                           | x           |
| approval.resolved: approved     | -             | -                        | -              | -           | -                         | -           | -                           | -           |
| approval.resolved: by policy    | -             | -                        | -              | -           | -                         | -           | -                           | -           |
| approval.resolved: done by hand | -             | -                        | -              | -           | -                         | -           | -                           | -           |
| approval.resolved: rejected     | -             | -                        | -              | -           | -                         | -           | -                           | -           |
| resolved_by_caller: confirmed   | PENDING c     | RUNNING                  | -              | -           | -                         | -           | -                           | -           |
| resolved_by_caller: refused     | PENDING c     | RUNNING                  | -              | -           | -                         | -           | -                           | -           |
| model_responded: answer         | x             | x                        | x              | x           | x                         | x           | x                           | COMPLETED d |
| model_failed, may pass          | x             | PENDING                  | x              | PENDING     | PENDING                   | PENDING     | PENDING                     | PENDING     |
| released                        | x             | PENDING                  | x              | PENDING     | PENDING                   | PENDING     | PENDING                     | PENDING     |
| turn_came                       | -             | -                        | -              | -           | -                         | -           | -                           | -           |
| watched                         | PAUSED        | RUNNING                  | PENDING        | RUNNING     | RUNNING                   | RUNNING     | RUNNING                     | RUNNING     |
| cancel_requested                | CANCELLED x   | CANCELLED x              | CANCELLED x    | CANCELLED x | CANCELLED x               | CANCELLED x | CANCELLED x                 | CANCELLED x |`,
    emits: { c: ['run.continued'], p: ['run.paused'], x: ['run.cancelled'], d: ['run.completed'] },
  });
});

describe('a run whose worker is gone', () => {
  const free = callIn(asking(callTo('look_up', 'call_a')), 'call_a');
  const half = continued(asking(send, callTo('grant', 'call_b')), now, confirm, claimed);
  describeTransitions({
    decide: decideRun,
    now: later,
    states: {
      'free call': asking(callTo('look_up', 'call_a')),
      'free call, one asked': asking(callTo('look_up', 'call_a'), send),
      ready,
      started,
      'started, one asked': continued(half, now, callStarted(asked)),
    },
    messages: {
      'claimed by another worker': other(claimed),
      lease_extended: extended,
      'call_ended late': callEnded(free),
      'call_ended by another': other(callEnded(free)),
    },
    table: `
| message                   | free call | free call, one asked | ready   | started | started, one asked |
|---------------------------|-----------|----------------------|---------|---------|--------------------|
| claimed by another worker | RUNNING   | RUNNING              | RUNNING | RUNNING | PAUSED p           |
| lease_extended            | RUNNING   | RUNNING              | RUNNING | RUNNING | RUNNING            |
| call_ended late           | RUNNING   | PAUSED p             | RUNNING | RUNNING | PAUSED p           |
| call_ended by another     | x         | x                    | x       | x       | x                  |`,
    emits: { c: ['run.continued'], p: ['run.paused'] },
  });
});

describe('a run whose caller resolves its calls', () => {
  const { id } = asked;
  const send = asking(callTo('send', 'call_a'));
  const confirmed = byCaller({ id, confirmed: true });
  describeTransitions({
    decide: decideRun,
    now,
    states: {
      'to confirm': send,
      'to fill in': asking(callTo('ask_person', 'call_a', { question: 'When?' })),
      'to make': asking(callTo('show_map', 'call_a')),
      'beside another': asking(callTo('send', 'call_a'), callTo('send', 'call_b')),
      'beside an approval': asking(callTo('send', 'call_a'), call('call_b')),
      'beside a free call': asking(callTo('send', 'call_a'), callTo('look_up', 'call_b')),
      confirmed: continued(send, now, confirmed),
      refused: continued(send, now, byCaller({ id, confirmed: false })),
      'of an approval': asking(callTo('refund', 'call_a')),
      'not asked': continued(undefined, now, requested),
    },
    messages: {
      'says nothing of it': byCaller({ id }),
      'says nothing': byCaller(),
      confirms: confirmed,
      refuses: byCaller({ id, confirmed: false, note: 'not now' }),
      'fills it in': byCaller({ id, values: { answer: 'at noon' } }),
      'made it': byCaller({ id, result: 'shown' }),
      'confirms it and one that is not there': byCaller({ id, confirmed: true }, { id: 'none', confirmed: true }),
      'approval.resolved: rejected': resolved(asked, 'rejected'),
    },
    table: `
| message                               | to confirm | to fill in | to make   | beside another | beside an approval | beside a free call | confirmed | refused | of an approval | not asked |
|---------------------------------------|------------|------------|-----------|----------------|--------------------|--------------------|-----------|---------|----------------|-----------|
| says nothing of it                    | -          | -          | -         | -              | -                  | -                  | -         | -       | x              | x         |
| says nothing                          | -          | -          | -         | -              | -                  | -                  | -         | -       | -              | -         |
| confirms                              | PENDING c  | -          | -         | PENDING c      | PENDING c          | RUNNING            | -         | -       | x              | x         |
| refuses                               | PENDING c  | PENDING c  | PENDING c | PAUSED         | PAUSED             | RUNNING            | -         | -       | x              | x         |
| fills it in                           | -          | PENDING c  | -         | -              | -                  | -                  | -         | -       | x              | x         |
| made it                               | -          | -          | PENDING c | -              | -                  | -                  | -         | -       | x              | x         |
| confirms it and one that is not there | x          | x          | x         | x              | x                  | x                  | x         | x       | x              | x         |
| approval.resolved: rejected           | -          | -          | -         | -              | -                  | -                  | -         | -       | PENDING c      | x         |`,
    emits: { c: ['run.continued'] },
  });
});

describe('a run that is over', () => {
  const cancelled = (run: typeof ready) => continued(run, now, cancelRequested);
  const executors = callIn(asking(call('call_a')), 'call_a');
  describeTransitions({
    decide: decideRun,
    now,
    states: {
      'call asked': cancelled(asking(call('call_a'))),
      'call approved': cancelled(continued(asking(call('call_a')), now, resolved(executors, 'approved'))),
      'call ready': cancelled(ready),
      'call started': cancelled(started),
      'call answered': cancelled(continued(started, now, callEnded(asked))),
      'no such call': continued(undefined, now, requested, claimed, responded(text('Hello.'))),
      'failed beside the call': continued(undefined, now, requested, claimed, {
        ...responded(call('call_a')),
        agent: { ...responded().agent, max_steps: 1 },
      }),
    },
    messages: {
      call_ended: callEnded(asked),
      'call_ended by another': other(callEnded(asked)),
      'tool.execution_completed': completed(executors),
      'tool.execution_failed': failed(executors),
      'tool.execution_outcome_unknown': outcomeUnknown(executors),
      'approval.resolved: approved': resolved(executors, 'approved'),
      'approval.resolved: done by hand': resolved(executors, 'approved', { resolution_data: { result: 'done' } }),
      'approval.resolved: rejected': resolved(executors, 'rejected'),
      'resolved_by_caller: confirmed': byCaller({ id: asked.id, confirmed: true }),
      'resolved_by_caller: no call': byCaller({ id: 'none', confirmed: true }),
      call_started: callStarted(asked),
      requested,
      claimed,
      lease_extended: extended,
      released,
      turn_came: { type: 'turn_came' },
      watched: { type: 'watched' },
      cancel_requested: cancelRequested,
    },
    table: `
| message                         | call asked | call approved | call ready | call started | call answered | no such call | failed beside the call |
|---------------------------------|------------|---------------|------------|--------------|---------------|--------------|------------------------|
| call_ended                      | CANCELLED  | CANCELLED     | CANCELLED  | CANCELLED    | -             | -            | ERROR                  |
| call_ended by another           | CANCELLED  | CANCELLED     | CANCELLED  | CANCELLED    | -             | -            | ERROR                  |
| tool.execution_completed        | CANCELLED  | CANCELLED     | CANCELLED  | CANCELLED    | -             | -            | ERROR                  |
| tool.execution_failed           | CANCELLED  | CANCELLED     | CANCELLED  | CANCELLED    | -             | -            | ERROR                  |
| tool.execution_outcome_unknown  | CANCELLED  | CANCELLED     | CANCELLED  | CANCELLED    | -             | -            | ERROR                  |
| approval.resolved: approved     | -          | -             | -          | -            | -             | -            | -                      |
| approval.resolved: done by hand | -          | -             | -          | -            | -             | -            | ERROR                  |
| approval.resolved: rejected     | -          | -             | -          | -            | -             | -            | ERROR                  |
| resolved_by_caller: confirmed   | -          | -             | -          | -            | -             | -            | -                      |
| resolved_by_caller: no call     | -          | -             | -          | -            | -             | -            | -                      |
| call_started                    | -          | -             | -          | -            | -             | -            | -                      |
| requested                       | -          | -             | -          | -            | -             | -            | -                      |
| claimed                         | -          | -             | -          | -            | -             | -            | -                      |
| lease_extended                  | -          | -             | -          | -            | -             | -            | -                      |
| released                        | -          | -             | -          | -            | -             | -            | -                      |
| turn_came                       | -          | -             | -          | -            | -             | -            | -                      |
| watched                         | -          | -             | -          | -            | -             | -            | -                      |
| cancel_requested                | -          | -             | -          | -            | -             | -            | -                      |`,
    emits: {},
  });
});
