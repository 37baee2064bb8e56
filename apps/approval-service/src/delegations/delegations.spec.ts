import { after, atSeconds, toEpochSeconds, type EpochMillis, type EpochSeconds } from '@countersign/contracts/time';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { requestFor } from '../../test/approval.fixtures.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';
import { now } from '../../test/notify.fixtures.js';
import { Delegations, type DelegationsOptions } from './delegations.js';

const event = requestFor({ user_id: 'ana', requested_by: 'ana' });
const id = event.data.approval_id;
const [bob, carol, dave, eve, adam] = [
  somebody('bob'),
  somebody('carol'),
  somebody('dave'),
  somebody('eve'),
  somebody('adam', 'admin'),
];

let open: OpenedApprovals;
let ends_at: EpochSeconds;
beforeEach(async () => {
  const require = { approvers: [{ group: 'ops', count: 2 }], deputies: ['helpers'], allow: ['approve', 'reject'] };
  const groups = { ops: ['bob', 'carol'], helpers: ['dave'] };
  open = await openApprovals({ rules: { groups, policies: { default: { require } } } });
  onTestFinished(() => open.close());
  await open.events.required(event);
  ends_at = after(toEpochSeconds(now), 3_600);
});
const approve = (who: typeof bob) => open.http.resolve(id, { status: 'approved' }, who);

describe('a deputy that somebody names', () => {
  it('decides in their place until the time is up, and the signature says so', async () => {
    await expect(approve(dave)).rejects.toMatchObject({ code: 'may_not_decide' });
    const given = await open.delegations.delegate({ deputy: 'dave', ends_at, reason: 'On leave.' }, bob);
    expect(given).toMatchObject({ delegator: 'bob', deputy: 'dave', approval_id: null, revoked_at: null });
    expect(given).not.toHaveProperty('event_key');
    expect(await approve(dave)).toMatchObject({ decisions: [{ by: 'dave', on_behalf_of: 'bob' }] });
    await expect(approve(bob)).rejects.toMatchObject({ code: 'already_decided' });
    expect(await approve(carol)).toMatchObject({ status: 'approved' });
    const { deciders } = (await open.verifier.verify(open.last('approval.resolved')!.data.signature!)) as {
      deciders: object[];
    };
    expect(deciders).toMatchObject([{ by: 'dave', on_behalf_of: 'bob' }, { by: 'carol' }]);
    expect(deciders[1]).not.toHaveProperty('on_behalf_of');
  });

  it('decides no more once it is taken back, by whoever named them, the deputy or an administrator', async () => {
    for (const who of [bob, dave, adam]) {
      const given = await open.delegations.delegate({ deputy: 'dave', ends_at }, bob);
      await expect(open.delegations.revoke(given.id, eve)).rejects.toMatchObject({ code: 'may_not_revoke' });
      expect(await open.delegations.revoke(given.id, who)).toMatchObject({ revoked_by: who.subject });
    }
    await expect(approve(dave)).rejects.toMatchObject({ code: 'may_not_decide' });
    await expect(open.delegations.revoke('nothing', bob)).rejects.toMatchObject({ code: 'delegation_not_found' });
  });

  it('gives nobody more than the delegator has', async () => {
    await open.delegations.delegate({ deputy: 'dave', ends_at }, eve);
    // Nor is what was lent lent on.
    await open.delegations.delegate({ deputy: 'eve', ends_at }, bob);
    for (const who of [dave, eve]) await expect(approve(who)).rejects.toMatchObject({ code: 'may_not_decide' });
  });

  it('is somebody else, and named for a time that ends', async () => {
    const at = toEpochSeconds(now);
    for (const wrong of [
      { deputy: 'bob', ends_at },
      { deputy: 'dave', ends_at: at },
      { deputy: 'dave', ends_at, begins_at: ends_at },
      { deputy: 'dave', ends_at: after(at, 91 * 86_400) },
    ])
      await expect(open.delegations.delegate(wrong, bob)).rejects.toMatchObject({ code: 'delegation_not_valid' });
    await open.delegations.delegate({ deputy: 'dave', ends_at, begins_at: after(at, 60) }, bob);
    await expect(approve(dave)).rejects.toMatchObject({ code: 'may_not_decide' });
  });

  it('is found however many others have named them, each of whom names so many', async () => {
    await open.delegations.delegate({ deputy: 'dave', ends_at }, bob);
    const later = after(ends_at, 60);
    for (const other of ['eve', 'eli', 'emma'])
      for (let n = 0; n < 100; n += 1)
        await open.delegations.delegate({ deputy: 'dave', ends_at: later }, somebody(other));
    const more = open.delegations.delegate({ deputy: 'dave', ends_at: later }, eve);
    await expect(more).rejects.toMatchObject({ code: 'delegation_not_valid' });
    expect(await approve(dave)).toMatchObject({ decisions: [{ by: 'dave', on_behalf_of: 'bob' }] });
  });

  it('is seen by who named them, by themselves and by administrators', async () => {
    await open.delegations.delegate({ deputy: 'dave', ends_at }, bob);
    const seen = async (who: typeof bob, query = {}) =>
      (await open.delegations.list({ limit: 10, page: 1, ...query }, who)).data.length;
    expect(await seen(bob)).toBe(1);
    expect(await seen(dave)).toBe(0);
    expect(await seen(dave, { deputy: 'dave' })).toBe(1);
    expect(await seen(carol, { delegator: 'bob' })).toBe(0);
    expect(await seen(adam)).toBe(1);
  });
});

describe('what somebody was named for', () => {
  type Current = DelegationsOptions['credentials']['current'];
  type Identity = NonNullable<Awaited<ReturnType<Current>>[number]>['identity'];
  const of = (identity: Identity | undefined, setBack: DelegationsOptions['setBack'] = () => null) => {
    const current: Current = async (all) =>
      all.map(() => (identity === undefined ? undefined : { identity, expires_at: null }));
    const found = { ...delegation, key_id: 'key-1' };
    return new Delegations({
      delegations: { find: async () => [found] },
      credentials: { current },
      now: () => now,
      setBack,
    }).of({ subject: 'dave' });
  };
  const at = toEpochSeconds(now);
  const delegation = {
    id: 'd',
    event_key: 'd',
    delegator: 'bob',
    deputy: 'dave',
    approval_id: null,
    reason: null,
    begins_at: at,
    ends_at: after(at, 60),
    revoked_at: null,
    revoked_by: null,
    version: 1,
    due_at: null,
    traceparent: null,
    tracestate: null,
    created_at: at,
    updated_at: atSeconds(0),
  };
  const approver: NonNullable<Identity> = { subject: 'bob', roles: ['approver'], groups: [] };

  it('holds while the key that it was given by is the delegator’s, and may decide', async () => {
    expect(await of(approver)).toEqual([{ id: 'd', delegator: 'bob', approval_id: null }]);
    expect(await of(undefined)).toEqual([]);
    expect(await of({ ...approver, subject: 'carol' })).toEqual([]);
    expect(await of({ ...approver, roles: ['viewer'] })).toEqual([]);
    expect(await of(null)).toEqual([]);
  });

  it('holds no more after a restore, which may have lost that it was taken back', async () => {
    expect(await of(approver, (created: EpochMillis) => (created <= now ? 'set_back' : null))).toEqual([]);
  });
});
