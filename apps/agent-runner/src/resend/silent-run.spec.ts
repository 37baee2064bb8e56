import { callDigest } from '@countersign/contracts/calls';
import type { Call } from '@countersign/contracts/runs';
import { after, toEpochSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import {
  agent,
  callIn,
  cancelRequested,
  claimed,
  continued,
  now,
  outcomeUnknown,
  paused,
  pausedForTwo,
  requested,
  resolved,
  runAfter,
  completed,
} from '../../test/run.fixtures.js';
import { decideRun } from '../run/run.js';

const afterMs = 600_000;
const again = { type: 'resend_due', agent, afterMs } as const;

describe('a run that gets no event of what it waits for', () => {
  it('asks again at once, and once, when the log was replaced', () => {
    const replacedAt = after(now, 1_000);
    const asked = decideRun(paused, { ...again, replacedAt }, replacedAt);
    expect(asked).toMatchObject({
      kind: 'changed',
      events: [{ type: 'tool.approval_required', data: { repeated: true } }],
    });
    if (asked.kind !== 'changed') throw new Error(asked.reason);
    expect(decideRun(asked.state, { ...again, replacedAt }, after(replacedAt, 1_000)).kind).toBe('ignored');
    expect(decideRun(paused, { ...again, replacedAt: now }, replacedAt).kind).toBe('ignored');
  });

  it('asks again after a while, under the same id and for the same call', () => {
    const late = decideRun(paused, again, after(now, afterMs));
    if (late.kind !== 'changed') throw new Error(late.reason);
    const { id } = callIn(paused, 'call_a');
    expect(late.events).toMatchObject([{ type: 'tool.approval_required', data: { approval_id: id, repeated: true } }]);
    const [{ data }] = late.events as unknown as [{ data: Parameters<typeof callDigest>[0] & { digest: string } }];
    expect(data.digest).toBe(callDigest(data));
    expect(late.state).toMatchObject({ status: 'PAUSED', calls: paused.calls });
  });

  it('asks each time after twice as long, whoever looks and however often', () => {
    expect(decideRun(paused, again, after(now, afterMs - 1_000)).kind).toBe('ignored');
    const asked = continued(paused, after(now, afterMs), again);
    expect(decideRun(asked, again, after(now, afterMs)).kind).toBe('ignored');
    expect(decideRun(asked, again, after(now, 2 * afterMs - 1_000)).kind).toBe('ignored');
    const twice = continued(asked, after(now, 2 * afterMs), again);
    expect(decideRun(twice, again, after(now, 3 * afterMs)).kind).toBe('ignored');
    expect(decideRun(twice, again, after(now, 4 * afterMs)).kind).toBe('changed');
  });

  it('asks for what is approved and not made, as it was requested, and not for what is answered', () => {
    const [a, b] = ['call_a', 'call_b'].map((id) => callIn(pausedForTwo, id));
    const edited = { service_name: 'auth-service', version: '2.1.1' };
    const half = continued(pausedForTwo, now, resolved(a!, 'approved', { tool_args: edited }), completed(b!));
    const asked = decideRun(half, again, after(now, afterMs));
    expect(asked).toMatchObject({ events: [{ data: { approval_id: a!.id, tool_args: a!.tool_execution.tool_args } }] });
  });

  it('asks also for what is known to be unknown: that a person has settled it may be lost', () => {
    const { id } = callIn(paused, 'call_a');
    const unknown = continued(paused, now, outcomeUnknown(callIn(paused, 'call_a')));
    const asked = decideRun(unknown, again, after(now, afterMs));
    expect(asked).toMatchObject({ events: [{ type: 'tool.approval_required', data: { approval_id: id } }] });
  });
});

const end = { type: 'resend_due', agent: null, afterMs } as const;
const late = after(now, afterMs);

describe('a run that is over, and does not know how its calls ended', () => {
  const [a, b] = ['call_a', 'call_b'].map((id) => callIn(pausedForTwo, id)) as [Call, Call];
  const cancelled = continued(pausedForTwo, now, resolved(a, 'approved'), cancelRequested);

  it('says again that it is over, of those calls, and each time after twice as long', () => {
    expect(cancelled.unsettled).toBe(true);
    expect(decideRun(cancelled, end, after(now, afterMs - 1_000)).kind).toBe('ignored');
    const again = decideRun(cancelled, end, late);
    if (again.kind !== 'changed') throw new Error(again.reason);
    expect(again.events).toMatchObject([
      { type: 'run.cancelled', data: { run_id: 'run-1', repeated: true, requirements: [{ id: a.id }, { id: b.id }] } },
    ]);
    expect(again.state).toEqual({ ...cancelled, updated_at: toEpochSeconds(late) });
    expect(decideRun(again.state, end, after(now, 2 * afterMs - 1_000)).kind).toBe('ignored');
    expect(decideRun(again.state, end, after(now, 2 * afterMs)).kind).toBe('changed');
  });

  it('resends nothing once it knows: what came of one that was approved, and how the others were decided', () => {
    const half = continued(cancelled, now, completed(a));
    expect(decideRun(half, end, late)).toMatchObject({ events: [{ data: { requirements: [{ id: b.id }] } }] });
    const heard = continued(half, now, resolved(b, 'cancelled', { repeated: true }));
    expect(heard).toMatchObject({ status: 'CANCELLED', unsettled: false, items: cancelled.items });
    expect(heard.calls).toMatchObject([{ state: 'answered' }, { state: 'answered', confirmation: false }]);
    expect(decideRun(heard, end, late).kind).toBe('ignored');
  });

  it('still waits for what an executor makes that it learns was approved, and not for an unknown outcome it knows of once a person has settled it', () => {
    const approved = continued(cancelled, now, resolved(b, 'approved', { repeated: true }));
    expect(callIn(approved, 'call_b')).toMatchObject({ state: 'asked', confirmation: true });
    const unknown = continued(approved, now, completed(a), outcomeUnknown(b));
    expect(unknown.unsettled).toBe(true);
    expect(continued(unknown, now, completed(b)).unsettled).toBe(false);
  });

  it('takes no decision on another call than the one it asked for', () => {
    const { data, ...event } = resolved(b, 'cancelled', { repeated: true });
    const forged = { ...event, data: { ...data, tool_args: { service_name: 'all' } } };
    expect(decideRun(cancelled, forged, now).kind).toBe('ignored');
  });

  it('says so also when it failed, and has nothing to say when nothing was open', () => {
    const due = after(now, 60_000);
    const failed = continued(continued({ ...paused, deadline_at: due, due_at: due }, due, claimed), due);
    expect(failed).toMatchObject({ status: 'ERROR', unsettled: true });
    const { error } = failed;
    expect(decideRun(failed, end, after(due, afterMs))).toMatchObject({
      events: [{ type: 'run.failed', data: { error, repeated: true } }],
    });
    expect(runAfter(requested, cancelRequested).unsettled).toBe(false);
  });
});
