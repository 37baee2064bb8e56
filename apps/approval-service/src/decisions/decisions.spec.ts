import type { RequireTerms, ResolutionData, DecisionVerdict } from '@countersign/contracts/approvals';
import { after } from '@countersign/contracts/time';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { approvalsOfAnybody, inputRequired, required } from '../../test/approval.fixtures.js';
import { answerOf, resultOf } from '../http/decision-answer.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';

const { approval_id: id } = required().event.data;
const ops = { approvers: [{ group: 'ops', count: 1, members: ['carol'] }] };

describe('a decision', () => {
  let open: OpenedApprovals;
  beforeEach(async () => (open = await openApprovals()));
  afterEach(() => open.close());

  const ask = (terms: Partial<RequireTerms> = {}) => open.approvals.execute(id, required(terms), { creates: true });
  const outcomeOf = (by: string, status: DecisionVerdict = 'approved', resolution_data: ResolutionData | null = null) =>
    open.decisions.decide(id, { status, resolution_data }, somebody(by));
  const decide = async (...asked: Parameters<typeof outcomeOf>) => answerOf(id, await outcomeOf(...asked));

  it('is answered with the approval as it is then', async () => {
    await ask(approvalsOfAnybody(2));
    expect(await decide('bob')).toMatchObject({ status: 'pending', decisions: [{ by: 'bob' }] });
    expect(await decide('carol')).toMatchObject({ status: 'approved', resolved_by: 'carol' });
  });

  it('on nothing that there is, is answered with 404', async () => {
    await expect(decide('bob')).rejects.toMatchObject({ status: 404 });
  });

  it('on what was removed, is answered with 404', async () => {
    await ask();
    await open.approvals.execute(id, { type: 'removed' });
    await expect(decide('bob')).rejects.toMatchObject({ status: 404 });
  });

  it.each<[string, string, ResolutionData | null, Partial<RequireTerms>]>([
    ['by whoever asked', 'ana', null, {}],
    ['by somebody of no group that decides', 'bob', null, ops],
    ['that the rules do not allow', 'bob', { tool_args: {} }, {}],
  ])('%s is answered with 403', async (_, by, data, terms) => {
    await ask(terms);
    await expect(decide(by, 'approved', data)).rejects.toMatchObject({ status: 403 });
    expect(await open.store.get(id)).toMatchObject({ status: 'pending', version: 1 });
    const { run_id, tool_name } = required().event.data;
    const about = { run_id, approval_id: id, tool_name };
    expect(open.attempts).toMatchObject([
      { code: expect.stringMatching('decide|decision'), who: { subject: by }, about },
    ]);
  });

  it('that only comes too late is no attempt at what one may not', async () => {
    await ask();
    await decide('bob');
    await expect(decide('carol')).rejects.toMatchObject({ status: 409 });
    expect(open.attempts).toEqual([]);
  });

  it('without the reason that the rules ask for is answered with 422', async () => {
    await ask({ reason_required: ['reject'] });
    await expect(decide('bob', 'rejected')).rejects.toMatchObject({
      code: 'reason_required',
      problem: { status: 422 },
    });
  });

  it('with values that do not fit is answered with 422 and each field', async () => {
    await open.approvals.execute(id, inputRequired(), { creates: true });
    await expect(decide('bob')).rejects.toMatchObject({
      status: 422,
      problem: { errors: [{ path: 'resolution_data.values.window' }, { path: 'resolution_data.values.replicas' }] },
    });
  });

  it('that comes twice from one person is answered with 409, and says where to look', async () => {
    await ask(approvalsOfAnybody(2));
    await decide('bob');
    await expect(decide('bob')).rejects.toMatchObject({
      problem: {
        status: 409,
        code: 'already_decided',
        detail: 'bob has decided on this before, and each person counts once.',
        hint: { action: 'reload_approval', id },
      },
    });
  });

  it('on what is resolved is answered with 409', async () => {
    await ask();
    await decide('bob', 'rejected');
    await expect(decide('carol')).rejects.toMatchObject({ status: 409, detail: expect.stringContaining('rejected') });
  });

  it('that comes at the second of the expiry is answered with 409, and the approval is expired by it', async () => {
    await ask({ expires_in: 60 });
    open.clock.time = after(open.clock.time, 60_000);
    await expect(decide('bob')).rejects.toMatchObject({ status: 409, detail: expect.stringContaining('expired') });
    expect(await open.store.get(id)).toMatchObject({ status: 'expired', decisions: [] });
  });

  it('as one of many has an outcome, and is not thrown', async () => {
    await ask();
    const wish = { status: 'approved' } as const;
    const attempt = async (of: string, by: string) => resultOf(of, await open.decisions.decide(of, wish, somebody(by)));
    expect(await attempt('none', 'bob')).toEqual({
      id: 'none',
      status: 404,
      detail: 'There is no approval "none".',
      code: 'approval_not_found',
      hint: { action: 'list_approvals', id: null },
    });
    expect(await attempt(id, 'ana')).toMatchObject({ status: 403, code: 'may_not_decide' });
    expect(await attempt(id, 'bob')).toEqual({ id, status: 200, detail: 'approved', code: null, hint: null });
    expect(await attempt(id, 'carol')).toMatchObject({ status: 409, code: 'already_resolved' });
  });
});
