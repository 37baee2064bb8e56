import type { Event, EventData } from '@countersign/contracts';
import {
  DecisionGuard,
  generateKey,
  keysFromText,
  signDecision,
  Verifier,
  type DecisionClaims,
} from '@countersign/signing';
import { goldenEvent } from '@countersign/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { ExecutionEventsController } from './execution-events.controller.js';

const golden = goldenEvent('approval.resolved');
const seconds = golden.data.resolved_at;
const ring = await keysFromText(JSON.stringify(await generateKey()));

async function signed(change: Partial<DecisionClaims> = {}): Promise<Event<'approval.resolved'>> {
  const { approval_id, run_id, tool_call_id, tool_name, digest, status, pause_type, automatic } = golden.data;
  const call = { approval_id, run_id, tool_call_id, tool_name, digest };
  const at = { resolved_at: seconds, expires_at: seconds + 60, policy_version: null };
  const claims = { ...call, status, pause_type, automatic, deciders: [], ...at, ...change };
  return { ...golden, data: { ...golden.data, signature: await signDecision(ring.signingKey, claims) } };
}

describe('a decision that arrives at the executor', () => {
  let clock: number;
  let accepted: { event: Event<'approval.resolved'>; problem: string | undefined }[];
  let events: ExecutionEventsController;
  beforeEach(async () => {
    [clock, accepted] = [seconds * 1000, []];
    const guard = new DecisionGuard(
      () => Verifier.fromKeyRing(ring),
      () => clock,
    );
    await guard.open();
    const executor = {
      accept: async (event: Event<'approval.resolved'>, problem?: string) => void accepted.push({ event, problem }),
      cancel: async () => {},
    };
    events = new ExecutionEventsController(executor, guard);
  });
  const problem = () => accepted[0]!.problem;

  it('is acted on when the approval service has signed it for this call', async () => {
    const event = await signed();
    await events.resolved(event);
    expect(accepted).toEqual([{ event, problem: undefined }]);
  });

  it('is refused without a signature, and the refusal is recorded', async () => {
    await events.resolved(golden);
    expect(problem()).toBe('The decision is not signed.');
  });

  it('is refused when it was signed for other arguments', async () => {
    const event = await signed();
    const tool_args = { ...golden.data.tool_args, version: '6.6.6' };
    await events.resolved({ ...event, data: { ...event.data, tool_args } });
    expect(problem()).toMatch(/arguments are not/);
  });

  it('is refused from the second at which its time is over', async () => {
    const event = await signed();
    clock += 60_000;
    await events.resolved(event);
    expect(problem()).toMatch(/is over/);
  });

  it.each<[string, Partial<EventData<'approval.resolved'>>]>([
    ['is no approval', { status: 'rejected' }],
    ['is of a call that is made elsewhere', { pause_type: 'confirmation' }],
    ['says that it was done by hand', { resolution_data: { result: 'Done.' } }],
  ])('is none of its business when it %s, signed or not', async (_, change) => {
    await events.resolved({ ...golden, data: { ...golden.data, ...change } });
    expect(accepted).toEqual([]);
  });
});
