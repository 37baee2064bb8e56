import { after, type EpochSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { approvalWith, now } from '../../../test/approval.fixtures.js';
import { inOrder, runBegins } from './order.js';

const named = (id: string, given: { created_at?: EpochSeconds; expires_at?: EpochSeconds; status?: 'approved' } = {}) =>
  approvalWith({ id, ...given });
const order = (...approvals: ReturnType<typeof named>[]) => inOrder(approvals, now).map(({ id }) => id);

describe('the order of approvals', () => {
  it('is the newest first', () => {
    expect(order(named('old', { created_at: after(now, -9) }), named('new', { created_at: after(now, -1) }))).toEqual([
      'new',
      'old',
    ]);
  });

  it('begins with those that expire within the hour, the soonest first', () => {
    const new_ = named('new', { created_at: now });
    const soon = named('soon', { expires_at: after(now, 3_000) });
    const sooner = named('sooner', { expires_at: after(now, 30), created_at: after(now, -9_000) });
    const later = named('later', { expires_at: after(now, 7_200), created_at: after(now, -5) });
    expect(order(new_, soon, later, sooner)).toEqual(['sooner', 'soon', 'new', 'later']);
  });

  it('does not press where a decision was made', () => {
    const decided = named('decided', { expires_at: after(now, 30), status: 'approved', created_at: after(now, -9) });
    expect(order(decided, named('new', { created_at: now }))).toEqual(['new', 'decided']);
  });

  it('keeps the calls of a run together, alike ones side by side', () => {
    const of = (id: string, run_id: string, tool_name: string, age: number) =>
      approvalWith({ id, run_id, tool_name, created_at: after(now, -age) });
    const rows = inOrder(
      [
        of('a', 'run-1', 'restart', 9),
        of('b', 'run-2', 'deploy', 5),
        of('c', 'run-1', 'deploy', 1),
        of('d', 'run-1', 'restart', 8),
        of('e', 'run-3', 'deploy', 7),
      ],
      now,
    ).map((approval) => ({ approval }));
    expect(rows.map(({ approval }) => approval.id)).toEqual(['c', 'd', 'a', 'b', 'e']);
    expect(rows.map((_, n) => runBegins(rows, n))).toEqual([3, 0, 0, 0, 0]);
  });
});
