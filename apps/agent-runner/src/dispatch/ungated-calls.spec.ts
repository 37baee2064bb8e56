import { callDigest } from '@countersign/contracts/calls';
import type { Run } from '@countersign/contracts/runs';
import { resultDigest } from '@countersign/signing';
import { describe, expect, it } from 'vitest';
import { call, callEnded, callTo, claimed, now, requested, responded, runAfter } from '../../test/run.fixtures.js';
import type { RunMessage } from '../run/messages.js';
import { decideRun } from '../run/run.js';
import { tellingUngated } from './ungated-calls.js';

function told(run: Run, message: RunMessage) {
  const next = tellingUngated(run, decideRun(run, message, now));
  return next.kind === 'changed' ? next.events.filter(({ type }) => type.startsWith('tool.call_')) : next;
}

describe('a call that nobody decides on', () => {
  const asked = runAfter(requested, claimed);
  const turn = responded(callTo('look_up', 'call_1'), call('call_2'));
  const running = runAfter(requested, claimed, turn);
  const [free, gated] = running.calls;

  it('is published when it may begin and when it is over, by digests, and a gated one is not', () => {
    const of = { run_id: 'run-1', tool_call_id: 'call_1', tool_name: 'look_up' };
    const digest = callDigest({ ...of, tool_args: free!.tool_execution.tool_args });
    const about = { ...of, agent_id: 'ops', session_id: 'session-1', user_id: 'ana', requested_by: 'ana', digest };
    expect(told(asked, turn)).toEqual([{ type: 'tool.call_started', data: about }]);
    const result_digest = resultDigest('s3cret');
    expect(told(running, callEnded(free!, 's3cret'))).toEqual([
      { type: 'tool.call_ended', data: { ...about, outcome: 'succeeded', result_digest } },
    ]);
    expect(told(running, callEnded(free!, 'down', true))).toMatchObject([{ data: { outcome: 'failed' } }]);
    expect(gated!.tool_execution.approval_type).toBe('required');
  });

  it('is published once: what changes nothing publishes nothing', () => {
    const over = runAfter(requested, claimed, turn, callEnded(free!));
    expect(told(over, callEnded(free!))).toMatchObject({ kind: expect.stringMatching(/ignored|rejected/) });
  });
});
