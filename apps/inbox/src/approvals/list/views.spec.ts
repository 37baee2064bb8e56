import { Presentation } from '@countersign/contracts/presentation';
import { describe, expect, it } from 'vitest';
import { approvalWith, decision, now, terms } from '../../../test/approval.fixtures.js';
import { filtersIn } from './filters.js';
import { isInView, isMine, type Viewer } from './views.js';

const bob: Viewer = { subject: 'bob', groups: [], mayDecide: true };
const ofTwo = {
  requested_by: 'ana',
  required_approvals: 2,
  terms: terms({ approvers: [{ group: null, count: 2, members: null }] }),
};
const inView = (query: string, approval: ReturnType<typeof approvalWith>, viewer = bob) =>
  isInView(approval, filtersIn(new URLSearchParams(query)), viewer);

describe('what a list shows', () => {
  it('is what I can decide on, and no more than that', () => {
    expect(inView('', approvalWith())).toBe(true);
    for (const other of [
      approvalWith({ user_id: 'bob' }),
      approvalWith({ ...ofTwo, decisions: [decision('bob')] }),
      approvalWith({ terms: terms({ approvers: [{ group: 'leads', count: 1, members: ['erin'] }] }) }),
      approvalWith({ status: 'approved' }),
    ]) {
      expect(inView('', other)).toBe(false);
      expect(isMine(other, bob)).toBe(false);
    }
    expect(inView('', approvalWith({ user_id: 'bob' }), { ...bob, mayDecide: false })).toBe(true);
  });

  it('is what waits for others, or what I decided, also while others are needed', () => {
    const half = approvalWith({ ...ofTwo, decisions: [decision('bob')] });
    expect(['view=others', 'view=decided', 'view=all'].map((query) => inView(query, half))).toEqual([true, true, true]);
    const done = approvalWith({ status: 'approved', decisions: [decision('bob')], resolved_by: 'bob' });
    expect(['view=others', 'view=decided'].map((query) => inView(query, done))).toEqual([false, true]);
    expect(inView('view=decided', approvalWith())).toBe(false);
  });

  it('is what I am asked about, and not what waits for the answer of somebody else', () => {
    const asked = { id: 'q', by: 'carol', at: now, text: 'Which region?', answer: null, withdrawn_at: null };
    const open = approvalWith({ questions: [asked] });
    expect([isMine(open, bob), inView('', open), inView('view=others', open)]).toEqual([false, false, true]);
    expect(isMine(open, { ...bob, subject: 'ana', mayDecide: false })).toBe(true);
    const answered = { ...asked, answer: { by: 'ana', at: now, text: 'All of them.' } };
    expect(isMine(approvalWith({ questions: [answered] }), bob)).toBe(true);
    expect(isMine(approvalWith({ questions: [{ ...asked, withdrawn_at: now }] }), bob)).toBe(true);
  });

  it('is of one risk and environment', () => {
    const presentation = Presentation.parse({
      environment: { argument: 'env', values: { production: { risk: 'high' }, staging: {} } },
    });
    const staging = approvalWith({ presentation, tool_args: { env: 'staging' } });
    expect(
      ['risk=low', 'risk=high', 'environment=staging', 'environment=production'].map((q) => inView(q, staging)),
    ).toEqual([true, false, true, false]);
  });
});
