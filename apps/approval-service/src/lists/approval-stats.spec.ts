import { after } from '@countersign/contracts/time';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { now, requestFor } from '../../test/approval.fixtures.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';

const [bob, ana] = [somebody('bob'), somebody('ana', 'requester')];
const hour = 3_600_000;

describe('the statistics', () => {
  let open: OpenedApprovals;
  beforeEach(async () => (open = await openApprovals()));
  afterEach(() => open.close());

  const asked = (id: string, user_id = 'grace') =>
    open.events.required(requestFor({ run_id: `run-${id}`, approval_id: id, user_id }));
  const passed = (hours: number) => (open.clock.time = after(now, hours * hour));

  it('count what waits once each, by its age', async () => {
    await asked('old');
    passed(23);
    await asked('older than an hour');
    passed(25);
    await asked('new');
    expect((await open.http.stats({ days: 1 }, bob)).pending).toEqual([
      { older_than: 0, count: 1 },
      { older_than: 3_600, count: 1 },
      { older_than: 14_400, count: 0 },
      { older_than: 86_400, count: 1 },
      { older_than: 604_800, count: 0 },
    ]);
  });

  it('count ends by the day of UTC on which they were, each day that was asked for, the last one today', async () => {
    await asked('yesterday');
    await open.http.resolve('yesterday', { status: 'rejected' }, bob);
    passed(24);
    await asked('today');
    await open.http.resolve('today', { status: 'approved' }, bob);
    const none = { approved: 0, rejected: 0, expired: 0, cancelled: 0 };
    expect((await open.http.stats({ days: 3 }, bob)).days).toEqual([
      { date: '2026-08-31', ...none },
      { date: '2026-09-01', ...none, rejected: 1 },
      { date: '2026-09-02', ...none, approved: 1 },
    ]);
  });

  it('tell how long people took', async () => {
    expect((await open.http.stats({ days: 1 }, bob)).seconds_to_decision).toBeNull();
    for (const id of ['a', 'b', 'c']) await asked(id);
    for (const [id, hours] of [
      ['a', 1],
      ['b', 2],
      ['c', 9],
    ] as const) {
      passed(hours);
      await open.http.resolve(id, { status: 'approved' }, bob);
    }
    expect((await open.http.stats({ days: 1 }, bob)).seconds_to_decision).toEqual({
      median: 7_200,
      p90: 32_400,
      decided: 3,
    });
  });

  it('are of their own for a requester', async () => {
    await asked('of grace');
    await asked('of ana', 'ana');
    const counted = async (who: typeof bob) => (await open.http.stats({ days: 1 }, who)).pending[0]!.count;
    expect([await counted(bob), await counted(ana)]).toEqual([2, 1]);
  });
});
