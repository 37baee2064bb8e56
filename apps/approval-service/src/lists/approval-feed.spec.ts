import { encode, type Bus, type Delivery } from '@countersign/messaging';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApprovalFeed } from './approval-feed.js';
import { decided, required } from '../../test/approval.fixtures.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';

const { approval_id: id, user_id } = required().event.data;

let open: OpenedApprovals;
let feed: ApprovalFeed;
let tell: (delivery: Delivery) => void;
const stopping = new AbortController();
beforeEach(async () => {
  open = await openApprovals();
  feed = new ApprovalFeed(open.store, stopping.signal);
  feed.tail({
    tail: ({ handle }) => ((tell = handle), { joined: true, close: async () => {} }),
  } as Partial<Bus> as Bus);
});
afterEach(() => open.close());

/** The log says that something happened to the approval. */
const news = () => tell({ ...encode(open.last('approval.created')!), partition: 0, offset: '0', timestamp: 0 });
const ask = () => open.approvals.execute(id, required(), { creates: true });

async function next(events: AsyncGenerator<unknown>): Promise<unknown> {
  for (;;) {
    const { value, done } = await events.next();
    if (done || value !== undefined) return value;
  }
}

it('shows each approval that changes, as it is then', async () => {
  const events = feed.events(somebody('bob'));
  await events.next();
  await ask();
  news();
  expect(await next(events)).toMatchObject({ event: 'approval', data: { id, status: 'pending' } });
  await open.approvals.execute(id, decided('approved', 'bob'));
  news();
  expect(await next(events)).toMatchObject({ data: { id, status: 'approved' } });
  await events.return();
});

it('first tells what has changed since the last event that was seen', async () => {
  await ask();
  const { updated_at } = (await open.store.get(id))!;
  const events = feed.events(somebody('bob'), updated_at);
  expect(await next(events)).toMatchObject({ id: String(updated_at), data: { id } });
  await events.return();
  const later = feed.events(somebody('bob'), updated_at + 1);
  expect((await later.next()).value).toBeUndefined();
  await later.return();
});

it('tells of one that was removed that it was, and nothing else of it', async () => {
  await ask();
  const { updated_at } = (await open.store.get(id))!;
  await open.approvals.execute(id, { type: 'removed' });
  const events = feed.events(somebody('bob'), updated_at);
  expect(await next(events)).toEqual({ id: String(updated_at), event: 'removed', data: { id } });
  await events.return();
});

it('tells a requester nothing of what others asked for', async () => {
  await ask();
  const { updated_at } = (await open.store.get(id))!;
  const others = feed.events(somebody('eve', 'requester'), updated_at);
  expect((await others.next()).value).toBeUndefined();
  await others.return();
  const own = feed.events(somebody(user_id!, 'requester'), updated_at);
  expect(await next(own)).toMatchObject({ data: { id } });
  await own.return();
});
