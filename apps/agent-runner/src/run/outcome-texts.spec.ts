import type { ConversationItem } from '@countersign/contracts/runs';
import { after, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { nudges, unknownOutcome } from './conversation.js';
import { decideRun } from './run.js';
import {
  agent,
  asking,
  byCaller,
  call,
  callEnded,
  callIn,
  callStarted,
  callTo,
  claimed,
  completed,
  continued,
  failed,
  lease_ms,
  now,
  other,
  paused,
  requested,
  resolved,
  responded,
  runAfter,
  text,
  outcomeText,
  worker,
} from '../../test/run.fixtures.js';

const asked = callIn(paused, 'call_a');
const running = runAfter(requested, claimed);
const refusal = { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'I will not.' }] };
const brokenOff = (...items: ConversationItem[]) => {
  const message = responded(...items);
  return { ...message, response: { ...message.response, incomplete: 'max_output_tokens' } };
};

describe('what the model reads of a call that cannot be made,', () => {
  it.each<[string, ConversationItem, RegExp]>([
    [
      'a tool that does not exist',
      { ...call('call_x'), name: 'drop_database' },
      /no tool "drop_database".*deploy_to_production/,
    ],
    [
      'arguments that are not JSON',
      { ...call('call_x'), arguments: '{"service_name":' },
      /cannot be used\. Nothing was done.*is not JSON/s,
    ],
    ['arguments that do not fit', call('call_x', 'auth service'), /do not fit[^]*service_name/],
    [
      'an argument nobody asked for',
      { ...call('call_x'), arguments: '{"service_name":"a","version":"1","force":true}' },
      /do not fit[^]*force/,
    ],
    [
      'an argument that a person fills in',
      callTo('grant', 'call_x', { what: 'it', hours: 8 }),
      /do not fit[^]*hours: is filled in by a person, leave it out/,
    ],
  ])('of %s at once', (_, item, told) => {
    const run = continued(running, now, responded(item));
    expect(outcomeText(run, 'call_x')).toEqual([expect.stringMatching(told)]);
    expect(run).toMatchObject({ status: 'RUNNING', lease: { worker }, calls: [] });
  });
});

describe('what the model reads of an answer that leads nowhere,', () => {
  const last = (...messages: Parameters<typeof continued>[2][]) => continued(running, now, ...messages).items.at(-1);

  it('that it was empty, when there is nothing in it', () => {
    expect(last(responded())).toMatchObject({ role: 'developer', content: nudges.empty });
    expect(last(responded(text('')))).toMatchObject({ content: nudges.empty });
  });

  it('that it broke off, and why', () => {
    expect(last(brokenOff(text('The first of')))).toMatchObject({
      role: 'developer',
      content: expect.stringContaining('(max_output_tokens)'),
    });
  });

  it('that calls of an answer that broke off are not made', () => {
    const run = continued(running, now, brokenOff(callTo('look_up', 'call_x'), call('call_y')));
    expect([...outcomeText(run, 'call_x'), ...outcomeText(run, 'call_y')]).toEqual([
      nudges.cutOffCall,
      nudges.cutOffCall,
    ]);
    expect(run).toMatchObject({ status: 'RUNNING', calls: [] });
  });

  it('to do what it can when it declines, once: a second time is its answer', () => {
    const once = continued(running, now, responded(refusal));
    expect(once).toMatchObject({ status: 'RUNNING' });
    expect(once.items.at(-1)).toMatchObject({ role: 'developer', content: nudges.refused });
    expect(continued(once, now, responded(refusal))).toMatchObject({ status: 'COMPLETED', content: 'I will not.' });
  });
});

describe('what the model reads of the decision on a call,', () => {
  it.each([
    ['rejected', { resolved_by: 'bob', resolution_data: { note: 'Freeze.' } }, 'bob rejected it. Reason: Freeze.'],
    ['rejected', { resolved_by: null }, 'A reviewer rejected it. No reason was given.'],
    ['expired', { resolved_by: null }, 'No decision in time, so the request expired.'],
    ['cancelled', { resolved_by: null }, 'The request was cancelled.'],
  ] as const)('that it was not made: %s %j', (status, how, why) => {
    const run = continued(paused, now, resolved(asked, status, how));
    const told = `The call was NOT made. ${why} Do not propose the same call again unless you are asked to; tell the user what happened.`;
    expect(outcomeText(run, 'call_a')).toEqual([told]);
    expect(callIn(run, 'call_a')).toMatchObject({
      confirmation: false,
      external_execution_result: told,
      tool_execution: { confirmed: false, result: told },
    });
  });

  it('that its user refused', () => {
    const run = asking(callTo('send', 'call_s'));
    const refused = continued(run, now, byCaller({ id: run.calls[0]!.id, confirmed: false, note: 'Not now.' }));
    expect(outcomeText(refused, 'call_s')).toEqual([expect.stringContaining('The user rejected it. Reason: Not now.')]);
  });

  it('what came of it when a person made it by hand', () => {
    const byHand = resolved(asked, 'approved', { resolution_data: { result: 'Deployed by hand.', note: 'urgent' } });
    const run = continued(paused, now, byHand);
    expect(outcomeText(run, 'call_a')).toEqual(['Whoever approved it noted: urgent\n\nDeployed by hand.']);
    expect(callIn(run, 'call_a')).toMatchObject({ confirmation: true, confirmation_note: 'urgent' });
  });

  it('what a person answered', () => {
    const run = asking(callTo('ask_person', 'call_p', { question: 'When?' }));
    const answered = continued(run, now, byCaller({ id: run.calls[0]!.id, values: { answer: 'at noon' } }));
    expect(outcomeText(answered, 'call_p')).toEqual(['{"answer":"at noon"}']);
  });

  it('what its caller says came of it', () => {
    const run = asking(callTo('show_map', 'call_m'));
    const made = continued(run, now, byCaller({ id: run.calls[0]!.id, result: 'shown' }));
    expect(outcomeText(made, 'call_m')).toEqual(['shown']);
    expect(made.calls[0]).toMatchObject({ confirmation: true, external_execution_result: 'shown' });
  });
});

describe('what the model reads of a call that was made,', () => {
  const preface = (changes: string) =>
    `A person changed the arguments before this: ${changes}. That is what counts, not what you proposed; do not propose the earlier arguments again.\n\n`;

  it('what came of it', () => {
    expect(outcomeText(continued(paused, now, completed(asked, 'Deployed.')), 'call_a')).toEqual(['Deployed.']);
  });

  it('that it failed, and not to try again by itself', () => {
    expect(outcomeText(continued(paused, now, failed(asked, 'exit code 1: no such host')), 'call_a')).toEqual([
      'The call was approved but failed: exit code 1: no such host\n' +
        'Tell the user; do not try the same call again unless you are asked to.',
    ]);
  });

  it.each([
    ['refused', resolved(asked, 'rejected', { resolved_by: 'bob' })],
    ['made', completed(asked)],
  ])('nothing of changes when there were none: %s', (_, message) => {
    expect(outcomeText(continued(paused, now, message), 'call_a')).toEqual([expect.not.stringContaining('changed')]);
  });

  it('what a person changed before', () => {
    const tool_args = { service_name: 'auth-service', version: '2.1.1' };
    const run = continued(paused, now, resolved(asked, 'approved', { tool_args }), completed(asked, 'Deployed.'));
    expect(outcomeText(run, 'call_a')).toEqual([`${preface('version was "2.1.0" and is "2.1.1"')}Deployed.`]);
  });

  it('what a person filled in, but for the values that are not for everybody', () => {
    const run = asking(callTo('grant', 'call_g', { what: 'it' }));
    const [grant] = run.calls;
    const filledIn = resolved(grant!, 'approved', { tool_args: { what: 'it', hours: 2, ticket: 'SECRET-1' } });
    const ended = continued(run, now, filledIn, completed(grant!, 'Granted.'));
    const changes = 'hours was filled in with 2; ticket was filled in with a value you may not see';
    expect(outcomeText(ended, 'call_g')).toEqual([`${preface(changes)}Granted.`]);
  });

  it('the beginning and the end of a long output, and how much is left out', () => {
    const short = agent.tools.map((tool) => ({ ...tool, max_output: 10 }));
    const message = { ...responded(callTo('look_up', 'call_l')), agent: { ...agent, tools: short } };
    const run = continued(running, now, message);
    const ended = continued(run, now, callEnded(run.calls[0]!, 'first-middle-last!'));
    expect(outcomeText(ended, 'call_l')).toEqual(['first\n[8 characters are left out here]\nlast!']);
  });

  it('that nobody knows, when what was making it is gone', () => {
    const run = asking(callTo('send', 'call_r'));
    const [send] = run.calls;
    const making = continued(run, now, byCaller({ id: send!.id, confirmed: true }), claimed, callStarted(send!));
    const taken = continued(making, after(now, lease_ms), other(claimed));
    expect(outcomeText(taken, 'call_r')).toEqual([unknownOutcome]);
    expect(taken).toMatchObject({ status: 'RUNNING', calls: [{ state: 'answered', confirmation: true }] });
  });

  it('that nobody knows, when it was let through before the store was restored, and may have been made since', () => {
    const run = asking(callTo('send', 'call_r'));
    const [send] = run.calls;
    const ready = continued(run, now, byCaller({ id: send!.id, confirmed: true }));
    const since = (at: EpochMillis) => ({ ...claimed, records_since: toEpochSeconds(at) });
    expect(continued(ready, now, since(now))).toMatchObject({ calls: [{ state: 'ready' }], set_back_at: null });
    const later = after(now, 60_000);
    const restored = continued(ready, later, since(later));
    expect(outcomeText(restored, 'call_r')).toEqual([unknownOutcome]);
    expect(restored).toMatchObject({ set_back_at: toEpochSeconds(later) });
    const old = { ...requested, run: { ...requested.run, requested_at: toEpochSeconds(now) } };
    expect(continued(undefined, later, old, since(later))).toMatchObject({ set_back_at: toEpochSeconds(later) });
    // Whoever lets it through since knows.
    const anew = continued(continued(run, later, byCaller({ id: send!.id, confirmed: true })), later, since(later));
    expect(anew).toMatchObject({ calls: [{ state: 'ready' }] });
  });

  it('what its executor says, when a restored store has people decide once more', () => {
    const run = asking(callTo('refund', 'call_r'));
    const [refund] = run.calls;
    const approved = continued(run, now, resolved(refund!, 'approved'));
    expect(decideRun(approved, resolved(refund!, 'rejected'), now).kind).toBe('ignored');
    for (const status of ['rejected', 'expired', 'cancelled'] as const)
      expect(decideRun(approved, resolved(refund!, status, { repeated: true }), now).kind).toBe('ignored');
    const told = continued(approved, now, failed(refund!, 'not executed: its approval is rejected'));
    expect(told).toMatchObject({ calls: [{ state: 'answered', confirmation: true }] });
  });
});
