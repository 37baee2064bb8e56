import type { Execution } from '@countersign/contracts/executions';
import { describe, expect, it } from 'vitest';
import { approvalWith, decision, now, terms } from '../../test/approval.fixtures.js';
import { approvedBy, callState } from './call-state.js';

const bob = { subject: 'bob', groups: [], mayDecide: true };
const stateOf = (approval: ReturnType<typeof approvalWith>, execution?: Partial<Execution>) =>
  callState(approval, execution as Execution | undefined, bob).text;
const managers = terms({ approvers: [{ group: 'release-managers', count: 2, members: ['erin', 'bob'] }] });
const ofTwo = { requested_by: 'ana', required_approvals: 2, terms: managers };

describe('where a call stands', () => {
  it('says whose turn it is', () => {
    expect(stateOf(approvalWith(ofTwo))).toBe('waiting for you');
    expect(stateOf(approvalWith({ ...ofTwo, decisions: [decision('bob')] }))).toBe(
      'waiting for release-managers (1 of 2 so far)',
    );
    expect(stateOf(approvalWith({ user_id: 'bob' }))).toBe('waiting for another person');
    const asked = { id: 'q', by: 'carol', at: now, text: 'Which region?', answer: null, withdrawn_at: null };
    expect(stateOf(approvalWith({ questions: [asked] }))).toBe('waiting for an answer of ana');
    expect(stateOf(approvalWith({ questions: [asked], user_id: 'bob' }))).toBe('waiting for your answer');
  });

  it('says what becomes of it once it is approved', () => {
    const approved = approvalWith({ status: 'approved' });
    const held = { code: 'kill_switch' as const, detail: 'incident', until: null };
    expect(stateOf(approved)).toBe('approved');
    expect(stateOf(approved, { status: 'queued', held_by: held })).toBe('held by a kill switch');
    expect(stateOf(approved, { status: 'queued', held_by: { ...held, code: 'change_window' } })).toBe(
      'held by its change window',
    );
    expect(stateOf(approved, { status: 'running' })).toBe('executing');
    expect(stateOf(approved, { status: 'outcome_unknown' })).toContain('unknown');
  });

  it('never says that the rules approved what was cancelled', () => {
    const cancelled = { approved_by: null, status: 'cancelled' as const, attempts: [] };
    expect(approvedBy(cancelled, undefined)).toBeNull();
    expect(approvedBy(cancelled, { status: 'cancelled', grant_id: null })).toBeNull();
    expect(approvedBy(cancelled, { status: 'approved', grant_id: null })).toBe('the rules');
    expect(approvedBy({ ...cancelled, status: 'succeeded' }, undefined)).toBe('the rules');
    expect(approvedBy(cancelled, { status: 'approved', grant_id: 'g' })).toBe('a standing grant');
  });
});
