import { describe, expect, it } from 'vitest';
import {
  byCaller,
  call,
  callIn,
  callTo,
  claimed,
  completed,
  continued,
  eventsOf,
  now,
  paused,
  requested,
  resolved,
  responded,
  runAfter,
  text,
  outcomeText,
} from '../../test/run.fixtures.js';

const asked = callIn(paused, 'call_a');
const note = { resolution_data: { note: 'Change freeze.' } };
const told = continued(paused, now, resolved(asked, 'rejected', note), claimed);

describe('a call that was rejected in this run', () => {
  it('is refused by itself with the same reason when it comes again identical, and nobody is asked', () => {
    const again = responded(call('call_b'));
    expect(eventsOf(told, again)).toEqual([]);
    const run = continued(told, now, again);
    expect(run.status).toBe('RUNNING');
    expect(outcomeText(run, 'call_b')).toEqual([
      expect.stringMatching(/rejected again without asking a person.*bob rejected it.*Change freeze/),
    ]);
    const { approval_id } = callIn(run, 'call_b').tool_execution;
    expect([callIn(run, 'call_b').state, approval_id]).toEqual(['answered', asked.id]);
    expect(continued(run, now, responded(call('call_c'), text('Once more.'))).calls).toHaveLength(3);
  });

  it('is the same whatever the order of its arguments, and another with other arguments', () => {
    const turned = { ...call('call_b'), arguments: '{"version": "2.1.0", "service_name": "auth-service"}' };
    expect(continued(told, now, responded(turned)).status).toBe('RUNNING');
    expect(continued(told, now, responded(call('call_b', 'billing'))).status).toBe('PAUSED');
  });

  it.each([
    ['expired', {}],
    ['cancelled', {}],
    ['rejected', { automatic: true }],
  ] as const)('is asked for again when nobody rejected it: %s %o', (status, change) => {
    const run = continued(paused, now, resolved(asked, status, change), claimed);
    expect(continued(run, now, responded(call('call_b'))).status).toBe('PAUSED');
  });

  it('is that also when its caller rejected it', () => {
    const run = continued(runAfter(requested, claimed), now, responded(callTo('send', 'call_s')));
    const refused = continued(
      run,
      now,
      byCaller({ id: callIn(run, 'call_s').id, confirmed: false, note: 'No.' }),
      claimed,
    );
    expect(continued(refused, now, responded(callTo('send', 'call_t'))).status).toBe('RUNNING');
  });

  it('does not hold up another of its turn', () => {
    const run = continued(told, now, responded(call('call_b'), call('call_c', 'billing')));
    expect(run.status).toBe('PAUSED');
    expect(run.calls.map(({ state }) => state)).toEqual(['answered', 'answered', 'asked']);
  });
});

describe('a note that is given with an approval', () => {
  it('reaches the model', () => {
    const run = continued(paused, now, resolved(asked, 'approved', { resolution_data: { note: 'Tell ana.' } }));
    const open = callIn(run, 'call_a');
    expect(outcomeText(continued(run, now, completed(open, 'Deployed.')), 'call_a')).toEqual([
      'Whoever approved it noted: Tell ana.\n\nDeployed.',
    ]);
  });
});
