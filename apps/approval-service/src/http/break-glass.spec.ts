import { NoticeKind } from '@countersign/contracts/deliveries';
import { wants } from '@countersign/definitions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestFor } from '../../test/approval.fixtures.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';
import { definitionsWith } from '../../test/definitions.fixtures.js';
import { webhookTo } from '../../test/notify.fixtures.js';

const event = requestFor({ user_id: 'ana', requested_by: 'ana' });
const id = event.data.approval_id;
const bob = somebody('bob');
const carol = somebody('carol');
const dave = somebody('dave');
const ana = somebody('ana');
const admin = somebody('adam', 'admin');
const list = { limit: 10, page: 1, sort_by: 'created_at', sort_order: 'desc' } as const;

let open: OpenedApprovals;
let seen: { reason: string; digest: string };
beforeEach(async () => {
  const require = {
    approvers: [{ group: 'ops', count: 2 }],
    break_glass: ['incident'],
    allow: ['approve', 'reject', 'grant'],
  };
  const deaf = { ...webhookTo('http://127.0.0.1:9/'), on: ['resolved' as const] };
  const rules = {
    groups: { ops: ['bob', 'carol'], incident: ['dave', 'ana'] },
    policies: { default: { require } },
    channels: [
      { name: 'ops', webhook: { url: 'https://hooks.example/', secret: 'whsec_0123456789abcdef0123456789abcdef' } },
    ],
  };
  open = await openApprovals({ rules, channels: [deaf] });
  await open.events.required(event);
  seen = { reason: 'The shop is down.', digest: (await open.store.get(id))!.digest };
});
afterEach(() => open.close());

describe('glass that is broken', () => {
  it('approves, is signed, and goes to every channel, whatever else that takes', async () => {
    expect(await open.http.breakGlass(id, seen, dave)).toMatchObject({
      status: 'approved',
      break_glass: { by: 'dave', group: 'incident' },
      review: 'open',
    });
    const { data } = open.last('approval.resolved')!;
    const claims = await open.verifier.verify(data.signature!);
    expect(claims).toMatchObject({ break_glass: { by: 'dave', group: 'incident' }, required_approvals: 2 });
    for (let n = 0; n < 2; n += 1) await open.events.glassBroken(open.last('approval.glass_broken')!);
    const told = await open.deliveryStore.find({ filter: {}, sort: [], limit: 10 });
    expect(told.map(({ kind }) => kind)).toEqual(['break_glass']);
    expect(NoticeKind.options.filter((kind) => wants({ ...webhookTo('http://127.0.0.1:9/'), on: [] }, kind))).toEqual([
      'break_glass',
    ]);
  });

  it('is on record when it is tried by whom the rules do not let, and so is a review', async () => {
    await expect(open.http.breakGlass(id, seen, carol)).rejects.toMatchObject({ code: 'may_not_break_glass' });
    await open.http.breakGlass(id, seen, dave);
    await expect(open.http.review(id, { text: 'Fine.' }, dave)).rejects.toMatchObject({ code: 'may_not_review' });
    expect(open.attempts.map(({ code, who, about }) => [code, who?.subject, about?.approval_id])).toEqual([
      ['may_not_break_glass', 'carol', id],
      ['may_not_review', 'dave', id],
    ]);
  });

  it('is held against the rules that another instance has put in force since', async () => {
    const others = {
      groups: { ops: ['bob', 'carol'] },
      policies: { default: { require: { approvers: [{ group: 'ops' }] } } },
    };
    Object.assign(open.judge, { fresh: async () => open.judge.use(definitionsWith(others)) });
    await expect(open.http.breakGlass(id, seen, dave)).rejects.toMatchObject({ code: 'may_not_break_glass' });
    expect(await open.store.get(id)).toMatchObject({ status: 'pending' });
  });

  it.each([
    ['who is not named for it', bob, {}, 'may_not_break_glass'],
    ['an administrator who is not', admin, {}, 'may_not_break_glass'],
    ['who requested the call', ana, {}, 'may_not_break_glass'],
    ['who looked at another call', dave, { digest: 'sha256:0' }, 'call_changed'],
  ])('is not by %s', async (_, who, change, code) => {
    await expect(open.http.breakGlass(id, { ...seen, ...change }, who)).rejects.toMatchObject({ code });
    expect(await open.store.get(id)).toMatchObject({ status: 'pending', decisions: [], break_glass: null });
  });

  it('is no ordinary decision of the same person', async () => {
    const ordinary = { status: 'approved', resolution_data: { note: 'Fire.', break_glass: true } } as const;
    await expect(open.http.resolve(id, ordinary, dave)).rejects.toMatchObject({ code: 'may_not_decide' });
  });

  it('gives no grant', async () => {
    await open.http.resolve(id, { status: 'approved', resolution_data: { grant: { expires_in: 600 } } }, bob);
    await open.http.breakGlass(id, seen, dave);
    await open.events.resolved(open.last('approval.resolved')!);
    expect(await open.grantStore.count({})).toBe(0);
  });

  it('has a review that is open until somebody else closes it, and is not hidden before', async () => {
    await open.http.breakGlass(id, seen, dave);
    const waiting = async () => (await open.http.list({ ...list, review: 'open' }, bob)).data.map((each) => each.id);
    expect(await waiting()).toEqual([id]);
    await expect(open.http.remove(id, admin)).rejects.toMatchObject({ code: 'review_open' });
    for (const who of [dave, ana, admin])
      await expect(open.http.review(id, { text: 'Fine.' }, who)).rejects.toMatchObject({ code: 'may_not_review' });
    expect(await open.http.review(id, { text: 'It was right.' }, carol)).toMatchObject({
      review: 'closed',
      status: 'approved',
    });
    expect(open.last('approval.glass_reviewed')).toMatchObject({ authid: 'carol', data: { review: { by: 'carol' } } });
    expect(await waiting()).toEqual([]);
    await expect(open.http.review(id, { text: 'Again.' }, bob)).rejects.toMatchObject({ code: 'review_not_open' });
    await open.http.remove(id, admin);
  });
});
