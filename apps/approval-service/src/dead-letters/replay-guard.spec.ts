import { eventNames, type EventName } from '@countersign/contracts';
import type { DecisionGuard } from '@countersign/signing';
import { goldenEvent } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import type { DeadLetterRecord } from './dead-letter.js';
import { ReplayGuard, type ReplayGuardOptions } from './replay-guard.js';

type Verdict = Awaited<ReturnType<DecisionGuard['examine']>>;

const forged = 'Nobody signed it.';
function guard(policy: 'signed' | 'trusted', { problem, verdict }: { problem?: string; verdict?: Verdict } = {}) {
  const requests: ReplayGuardOptions['requests'] = {
    policy,
    problemWithRequest: async () => problem,
    problemWithEnd: async () => problem,
  };
  return new ReplayGuard({ requests, decisions: { examine: async () => verdict ?? { kind: 'sound' } } });
}

const letter = (topic: string, data: object | null): DeadLetterRecord =>
  ({
    topic,
    partition: 0,
    offset: '0',
    key: 'run-1',
    headers: {},
    value: data && Buffer.from(JSON.stringify(data)).toString('base64'),
    given_up_at: 0,
  }) as DeadLetterRecord;
const golden = (name: EventName, change: object = {}) => letter(name, { ...goldenEvent(name).data, ...change });

describe('a dead letter', () => {
  const fromRunner = ['tool.approval_required', 'run.completed', 'run.failed', 'run.cancelled'] as const;
  it.each(fromRunner)('of %s is handed on when a runner signed it, and never where that is not asked', async (name) => {
    expect(await guard('signed').problemWith(golden(name))).toBeUndefined();
    expect(await guard('signed', { problem: forged }).problemWith(golden(name))).toBe(forged);
    expect(await guard('trusted').problemWith(golden(name))).toMatch(/APPROVAL_REQUESTS is "trusted"/);
  });

  it('of a decision is handed on when this service signed it, also one that came too late', async () => {
    const decision = golden('approval.resolved');
    expect(
      await guard('signed', { verdict: { kind: 'refused', code: 'too_late', reason: 'late' } }).problemWith(decision),
    ).toBeUndefined();
    const verdict = { kind: 'not_authentic', reason: forged } as const;
    expect(await guard('signed', { verdict }).problemWith(decision)).toBe(forged);
  });

  it.each(['tool.execution_completed', 'tool.execution_failed', 'tool.execution_outcome_unknown'] as const)(
    'of %s is handed on when it is signed; the runner verifies by whom',
    async (name) => {
      expect(await guard('signed').problemWith(golden(name, { signature: null }))).toMatch(/not signed/);
      expect(await guard('signed').problemWith(golden(name, { signature: 'a.b.c' }))).toBeUndefined();
    },
  );

  const commands = [
    'run.requested',
    'run.cancel_requested',
    'approval.resolve_requested',
    'tool.pause_requested',
  ] as const;
  it.each(commands)('of %s is handed on with the token that says who sent it, and never without', async (name) => {
    expect(await guard('signed').problemWith(golden(name, { token: 'a.b.c' }))).toBeUndefined();
    expect(await guard('trusted').problemWith(golden(name, { token: undefined }))).toMatch(/has no token/);
  });

  it.each(['run.started', 'releases.finished', 'dead-letters', '__consumer_offsets'])(
    'is never handed on to %s, which no service handles',
    async (topic) => {
      expect(await guard('signed').problemWith(letter(topic, {}))).toMatch(/No service handles/);
    },
  );

  it.each([null, {}])('that no service could read is not handed on: %j', async (data) => {
    expect(await guard('signed').problemWith(letter('run.requested', data))).toMatch(/become a dead letter again/);
  });

  it('of each event is either handed on or refused', async () => {
    for (const name of eventNames) await guard('signed').problemWith(golden(name));
  });
});
