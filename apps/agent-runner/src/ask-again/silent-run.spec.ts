import { callDigest } from '@countersign/contracts/calls';
import { after } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import {
  agent,
  callIn,
  cancelRequested,
  continued,
  now,
  outcomeUnknown,
  paused,
  pausedForTwo,
  resolved,
  completed,
} from '../../test/run.fixtures.js';
import { decideRun } from '../run/run.js';

const afterMs = 600_000;
const again = { type: 'asked_again', agent, afterMs } as const;

describe('a run that hears nothing of what it waits for', () => {
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

  it('asks for what is approved and not made, as it was requested, and not for what is known to be unknown or answered', () => {
    const [a, b] = ['call_a', 'call_b'].map((id) => callIn(pausedForTwo, id));
    const edited = { service_name: 'auth-service', version: '2.1.1' };
    const half = continued(pausedForTwo, now, resolved(a!, 'approved', { tool_args: edited }), completed(b!));
    const asked = decideRun(half, again, after(now, afterMs));
    expect(asked).toMatchObject({ events: [{ data: { approval_id: a!.id, tool_args: a!.tool_execution.tool_args } }] });
    const unknown = continued(half, now, outcomeUnknown(a!));
    expect(decideRun(unknown, again, after(now, afterMs)).kind).toBe('ignored');
    expect(decideRun(continued(paused, now, cancelRequested), again, after(now, afterMs)).kind).toBe('ignored');
  });
});
