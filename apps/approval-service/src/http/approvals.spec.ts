import { catalogue } from '@countersign/contracts';
import { BreakGlassRequest, BulkResolveRequest, ResolveApprovalRequest } from '@countersign/contracts/approvals';
import { Presentation } from '@countersign/contracts/presentation';
import { after, millisOf, toEpochSeconds } from '@countersign/contracts/time';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  approvalsOfAnybody,
  inputRequired,
  now,
  requestFor,
  required,
  requirementWith,
  values,
} from '../../test/approval.fixtures.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';

const { event } = inputRequired({}, { redact: ['version', 'window'] });
const id = event.data.approval_id;
const path = 'resolution_data.values.replicas';
const [bob, carol, ana] = [somebody('bob'), somebody('carol'), somebody('ana', 'requester')];
const all = { limit: 10, page: 1, sort_by: 'created_at', sort_order: 'desc' } as const;

describe('the approvals', () => {
  let open: OpenedApprovals;
  beforeEach(async () => (open = await openApprovals()));
  afterEach(() => open.close());

  it('are redacted where many are shown, and whole where one is', async () => {
    await open.events.required(event);
    await open.http.resolve(id, { status: 'approved', resolution_data: { values } }, bob);
    const { data } = await open.http.list(all, bob);
    const tool_args = { service_name: 'auth-service', version: '[redacted]' };
    expect(data).toMatchObject([{ tool_args, resolution_data: { values: { window: '[redacted]', replicas: 3 } } }]);
    expect(JSON.stringify(data[0]!.requirements)).not.toMatch(/CHG-2201|2\.1\.0/);
    expect(await open.http.get(id, bob)).toMatchObject({
      tool_args: event.data.tool_args,
      resolution_data: { values },
      requirements: [{ user_input_schema: [{ value: 'CHG-2201' }, { value: 3 }, { value: null }] }],
    });
  });

  it('are read page after page by a cursor, each once, whatever is new meanwhile', async () => {
    const ask = (n: number) => open.events.required(requestFor({ run_id: `run-${n}`, approval_id: `approval-${n}` }));
    for (let n = 0; n < 7; n += 1) {
      open.clock.time = after(now, millisOf(Math.floor(n / 3)));
      await ask(n);
    }
    const seen: string[] = [];
    let cursor: [number, number] | undefined;
    for (let n = 7; ; n += 1) {
      const { data, meta } = await open.http.list({ ...all, limit: 2, ...(cursor && { cursor }) }, bob);
      seen.push(...data.map((approval) => approval.id));
      if (meta.next_cursor === null) break;
      cursor = meta.next_cursor.split('.').map(Number) as [number, number];
      open.clock.time = after(now, 9_000);
      await ask(n);
    }
    expect(seen.toSorted()).toEqual(Array.from({ length: 7 }, (_, n) => `approval-${n}`));
  });

  it.each(['tool_args', 'values', 'result', 'grant', 'note'])(
    'are not approved as requested by whoever writes other %s beside the data of the resolution',
    (name) => {
      const misplaced = { status: 'approved', [name]: { service_name: 'search' } };
      expect(ResolveApprovalRequest.safeParse(misplaced).success).toBe(false);
      expect(BulkResolveRequest.safeParse({ ids: ['a'], ...misplaced }).success).toBe(false);
      const command = { approval_id: 'a', ...misplaced };
      expect(catalogue['approval.resolve_requested'].schema.safeParse(command).success).toBe(false);
      const inHaste = { reason: 'The site is down.', digest: 'sha256:1' };
      expect(BreakGlassRequest.safeParse(inHaste).success).toBe(true);
      expect(BreakGlassRequest.safeParse({ ...misplaced, ...inHaste, status: undefined }).success).toBe(false);
      expect(
        ResolveApprovalRequest.safeParse({ status: 'approved', resolved_by: 'agno', resolution_data: null }).success,
      ).toBe(true);
    },
  );

  it('are decided by whoever makes the request, whatever name it says', async () => {
    await open.events.required(required().event);
    const resolved = await open.http.resolve(
      id,
      { status: 'approved', resolved_by: 'carol' },
      somebody('bob', 'approver', ['ops']),
    );
    expect(resolved).toMatchObject({
      status: 'approved',
      resolved_by: 'bob',
      decisions: [{ by: 'bob', groups: ['ops'] }],
    });
    expect(await open.http.status(id, bob)).toMatchObject({ approval_id: id, status: 'approved', resolved_by: 'bob' });
  });

  it('refuse values that do not fit over HTTP with 422 and the names of the fields, and record nothing', async () => {
    await open.events.required(event);
    const refused = open.http.resolve(
      id,
      { status: 'approved', resolution_data: { values: { ...values, replicas: 0 } } },
      bob,
    );
    await expect(refused).rejects.toMatchObject({
      status: 422,
      detail: expect.stringContaining(`${path}: must be >= 1`),
      code: 'values_do_not_fit',
      problem: { errors: [{ path, message: 'must be >= 1' }] },
    });
    expect(await open.store.get(id)).toMatchObject({ status: 'pending', version: 1, decisions: [] });
  });

  it('answer 409 to a second decision, whatever its values', async () => {
    await open.events.required(event);
    await open.http.resolve(id, { status: 'rejected' }, bob);
    await expect(open.http.resolve(id, { status: 'approved' }, carol)).rejects.toMatchObject({ status: 409 });
  });

  it('are each decided by itself when many are decided, and each has its answer', async () => {
    await open.events.required(required().event);
    await open.events.required(required({}, { approval_id: 'mine', user_id: 'bob' }).event);
    const { results } = await open.http.resolveMany({ ids: [id, 'mine', 'none'], status: 'approved' }, bob);
    expect(results).toMatchObject([
      { id, status: 200, detail: 'approved' },
      { id: 'mine', status: 403, detail: expect.stringContaining('the requester does not decide on the call') },
      { id: 'none', status: 404, code: 'approval_not_found', hint: { action: 'list_approvals' } },
    ]);
  });

  it('are decided as they were seen, alone and together, and what is another by now is left alone', async () => {
    await open.events.required(required().event);
    await open.events.required(required({}, { approval_id: 'next' }).event);
    const { digest } = await open.http.get(id, bob);
    const stale = `sha256:${'0'.repeat(64)}`;
    await expect(open.http.resolve(id, { status: 'approved', digest: stale }, bob)).rejects.toMatchObject({
      status: 409,
      code: 'call_changed',
      detail: expect.stringContaining('look at it again'),
      problem: { hint: { action: 'reload_approval', id } },
    });
    const digests = { [id]: digest, next: stale };
    const { results } = await open.http.resolveMany({ ids: [id, 'next'], status: 'approved', digests }, bob);
    expect(results).toMatchObject([
      { id, status: 200, code: null },
      { id: 'next', status: 409, code: 'call_changed' },
    ]);
    expect(await open.store.get('next')).toMatchObject({ status: 'pending', decisions: [] });
    await expect(open.http.resolve(id, { status: 'approved', digest: stale }, carol)).rejects.toMatchObject({
      detail: expect.stringContaining('already resolved'),
    });
  });

  it('are not approved together above a low risk, whoever sends the request, and may be rejected together', async () => {
    const allow = ['approve', 'reject', 'edit'];
    const presentation = Presentation.parse({
      environment: { argument: 'service_name', values: { 'auth-service': { risk: 'high' }, search: {} } },
    });
    const risky = await openApprovals({ presentation, rules: { policies: { default: { require: { allow } } } } });
    onTestFinished(() => risky.close());
    const harmless = { service_name: 'search', version: '2.1.0' };
    const parameters = { type: 'object' };
    await risky.events.required(requestFor({ approval_id: 'high' }));
    await risky.events.required(requestFor({ approval_id: 'low', tool_args: harmless }));
    await risky.events.required(requestFor({ approval_id: 'edited', tool_args: harmless, parameters }));
    const { results } = await risky.http.resolveMany({ ids: ['high', 'low'], status: 'approved' }, bob);
    expect(results).toMatchObject([
      { id: 'high', status: 409, code: 'decided_alone', hint: { action: 'reload_approval', id: 'high' } },
      { id: 'low', status: 200 },
    ]);
    expect(results[0]!.detail).toContain('look at it, and approve it alone');
    expect(await risky.store.get('high')).toMatchObject({ status: 'pending', decisions: [], presentation });
    // Neither alone in a list, nor by an edit that makes a harmless call a risky one.
    const tool_args = { service_name: 'auth-service', version: '2.1.0' };
    for (const [id, resolution_data] of [
      ['high', null],
      ['edited', { tool_args }],
    ] as const)
      expect(await risky.http.resolveMany({ ids: [id], status: 'approved', resolution_data }, bob)).toMatchObject({
        results: [{ code: 'decided_alone' }],
      });
    expect(await risky.http.resolveMany({ ids: ['high'], status: 'rejected' }, bob)).toMatchObject({
      results: [{ status: 200 }],
    });
  });

  it('have one digest each when many are decided as they were seen', () => {
    const many = (digests: object) =>
      BulkResolveRequest.safeParse({ ids: ['a', 'b', 'a'], status: 'approved', digests }).error?.issues;
    expect(many({ a: 'x', b: 'y' })).toBeUndefined();
    for (const digests of [{}, { a: 'x' }, { a: 'x', b: 'y', c: 'z' }, { a: 'x', c: 'y' }])
      expect(many(digests)).toMatchObject([{ path: ['digests'] }]);
  });

  it('are only their own for those who only ask, and others do not exist for them', async () => {
    await open.events.required(required().event);
    await open.events.required(required({}, { approval_id: 'theirs', user_id: 'dave' }).event);
    expect((await open.http.list(all, ana)).data.map((each) => each.id)).toEqual([id]);
    expect(await open.http.count({}, ana)).toEqual({ count: 1 });
    expect(await open.http.count({}, bob)).toEqual({ count: 2 });
    await expect(open.http.get('theirs', ana)).rejects.toMatchObject({ status: 404 });
    await expect(open.http.comment('theirs', { text: 'Hm.' }, ana)).rejects.toMatchObject({ status: 404 });
    expect(await open.http.get(id, ana)).toMatchObject({ user_id: 'ana' });
  });

  it('keep what is said about them, by whoever says it', async () => {
    await open.events.required(required().event);
    const commented = await open.http.comment(id, { text: 'Is the window open?' }, carol);
    expect(commented.comments).toMatchObject([{ by: 'carol', text: 'Is the window open?' }]);
    expect(open.last('approval.commented')?.data.comment).toEqual(commented.comments[0]);
  });

  it('are not there any more once they are removed', async () => {
    await open.events.required(required().event);
    await open.http.remove(id, bob);
    await expect(open.http.get(id, bob)).rejects.toMatchObject({ status: 404 });
    await expect(open.http.resolve(id, { status: 'approved' }, bob)).rejects.toMatchObject({ status: 404 });
    expect((await open.http.list(all, bob)).data).toEqual([]);
    expect(open.last('approval.resolved')?.data.status).toBe('cancelled');
  });

  it('are signed when they are resolved, and not before', async () => {
    const terms = approvalsOfAnybody(2);
    await open.approvals.execute(id, required(terms), { creates: true });
    expect(await open.http.resolve(id, { status: 'approved' }, bob)).toMatchObject({ signature: null });
    const { signature } = await open.http.resolve(id, { status: 'approved' }, carol);
    expect(open.last('approval.resolved')?.data.signature).toBe(signature);
    expect(await open.verifier.verify(signature!)).toMatchObject({ deciders: [{ by: 'bob' }, { by: 'carol' }] });
  });
});

it('approvals are found by how soon they expire, and those that never do are not among them', async () => {
  const within = (version: string, expires_in: string) => ({
    name: version,
    when: { arguments: { version: { equals: version } } },
    then: { require: { expires_in } },
  });
  const rules = { policies: { rules: [within('soon', '1m'), within('later', '2h')] } };
  const open = await openApprovals({ rules });
  onTestFinished(() => open.close());
  for (const version of ['soon', 'later', 'never']) {
    const tool_args = { service_name: 'auth-service', version };
    const requirement = requirementWith({ tool_args });
    await open.events.required(requestFor({ run_id: version, approval_id: version, tool_args, requirement }));
  }
  const before = async (expires_before: number) => {
    const query = { ...all, sort_by: 'expires_at', sort_order: 'asc', expires_before } as const;
    return (await open.http.list(query, bob)).data.map((approval) => approval.id);
  };
  expect(await before(toEpochSeconds(now) + 3_600)).toEqual(['soon']);
  expect(await before(toEpochSeconds(now) + 9_000)).toEqual(['soon', 'later']);
});
