import type { EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { canonicalJson } from '@countersign/contracts/json';
import { after } from '@countersign/contracts/time';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDecision } from './check.js';
import { claims, now, resolved } from '../../test/claims.fixtures.js';
import type { DecisionClaims } from './claims.js';
import { resultDigest } from '../results/result-digest.js';

type Resolved = EventData<'approval.resolved'>;
const other = { tool_args: { service_name: 'auth-service', version: '6.6.6' } };

describe('a decision that is checked against what is about to be used', () => {
  it('has nothing against the call that was decided on', () => {
    expect(checkDecision(claims, resolved, now)).toBeUndefined();
    const saidAgain = { run_began_at: now };
    expect(checkDecision({ ...claims, ...saidAgain }, { ...resolved, ...saidAgain }, now)).toBeUndefined();
  });

  it.each<[string, Partial<Resolved>, RegExp]>([
    ['another approval', { approval_id: 'approval-2' }, /another approval/],
    ['another run', { run_id: 'run-2' }, /another run/],
    ['another call', { tool_call_id: 'call_2' }, /another call/],
    ['another tool', { tool_name: 'undeploy' }, /another tool/],
    ['another status', { status: 'rejected' }, /another status/],
    ['a call that waits for something else', { pause_type: 'confirmation' }, /waits for something else/],
    ['a call that is for somebody else', { requester: 'eve' }, /another requester/],
    ['a call that somebody else sent', { requested_by: 'eve' }, /another sender/],
    ['another digest', { digest: callDigest({ ...resolved, ...other }) }, /another digest/],
    ['other arguments', other, /arguments are not/],
    ['other arguments with their own digest', { ...other, digest: callDigest({ ...resolved, ...other }) }, /digest/],
    ['another time', { resolved_at: after(now, -39) }, /another time/],
    ['arguments that have no digest', { tool_args: { version: '\ud800' } }, /arguments are not/],
    ['a result that nobody gave', { resolution_data: { result: 'Deployed by hand.' } }, /result is not/],
    ['another note', { resolution_data: { note: 'Do as you like.' } }, /differs in person, reason/],
    ['no note', { resolution_data: null }, /differs in person, reason/],
    ['somebody else who decided', { resolved_by: 'eve' }, /differs in person/],
    ['nobody who decided', { resolved_by: null }, /differs in person/],
    [
      'an emergency that nobody signed',
      { break_glass: { by: 'eve', at: now, group: 'incident', reason: 'Fire.' } },
      /Another emergency/,
    ],
    ['a run that began at another time', { run_began_at: now }, /began at another time/],
    ['something else to hide', { redact: ['version'] }, /redaction/],
  ])('speaks of %s', (_, change, reason) => {
    expect(checkDecision(claims, { ...resolved, ...change }, now)).toMatch(reason);
  });

  it.each<[string, Partial<DecisionClaims>]>([
    ['approval', { approval_id: 'approval-2' }],
    ['run', { run_id: 'run-2' }],
    ['call', { tool_call_id: 'call_2' }],
    ['tool', { tool_name: 'undeploy' }],
    ['status', { status: 'expired' }],
    ['pause', { pause_type: 'user_input' }],
    ['requester', { requester: null }],
    ['sender', { requested_by: 'eve' }],
    ['digest', { digest: callDigest({ ...resolved, ...other }) }],
    ['emergency', { break_glass: { by: 'eve', at: now, group: 'incident' } }],
    ['result', { result_digest: resultDigest('Deployed by hand.') }],
  ])('speaks when it is of another %s than the event', (_, change) => {
    expect(checkDecision({ ...claims, ...change }, resolved, now)).toEqual(expect.any(String));
  });

  it('may be acted on before its time is over, and not from then on', () => {
    expect(checkDecision({ ...claims, act_by: after(now, 1) }, resolved, now)).toBeUndefined();
    expect(checkDecision({ ...claims, act_by: now }, resolved, now)).toMatch(/time .* is over/);
  });

  it('is acted on only when it says until when, unless it is no approval', () => {
    expect(checkDecision({ ...claims, act_by: null }, resolved, now)).toMatch(/until when/);
    const rejected = { status: 'rejected' } as const;
    expect(
      checkDecision({ ...claims, ...rejected, act_by: null }, { ...resolved, ...rejected }, after(now, 1e9)),
    ).toBeUndefined();
  });

  it('allows exactly the result that was given, the empty one too', () => {
    const byHand = { ...claims, result_digest: resultDigest('') };
    const used = (result: string) =>
      checkDecision(byHand, { ...resolved, resolution_data: { ...resolved.resolution_data, result } }, now);
    expect(used('')).toBeUndefined();
    expect(used('Deployed.')).toMatch(/result is not/);
  });

  it('speaks of any change of the call, whatever the event says of itself', () => {
    const json = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue());
    const aCall = fc.record({
      run_id: fc.constantFrom('run-1', 'run-2'),
      tool_call_id: fc.constantFrom('call_1', 'call_2'),
      tool_name: fc.constantFrom('deploy', 'undeploy'),
      tool_args: fc.oneof(fc.constantFrom({}, { a: 1 }, { a: '1' }, { a: [1] }, { a: { b: null } }), json),
    });
    fc.assert(
      fc.property(aCall, aCall, fc.boolean(), (decided, used, forgedDigest) => {
        const { tool_args, ...ids } = decided;
        const signed = { ...claims, ...ids, digest: callDigest(decided) };
        const event = { ...resolved, ...used, digest: callDigest(forgedDigest ? used : decided) };
        const same = canonicalJson(decided) === canonicalJson(used);
        expect(checkDecision(signed, event, now) === undefined).toBe(same);
        expect(checkDecision(signed, { ...event, ...ids, tool_args }, now) === undefined).toBe(
          event.digest === signed.digest,
        );
      }),
    );
  });
});
