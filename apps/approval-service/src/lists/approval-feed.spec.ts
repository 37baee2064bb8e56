import { encode, type Bus, type Delivery } from '@countersign/messaging';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ApprovalFeed } from './approval-feed.js';
import { decided, required, requestFor } from '../../test/approval.fixtures.js';
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

it('reads what has changed once, however many follow it', async () => {
  await ask();
  const get = vi.spyOn(open.store, 'get');
  const readers = Array.from({ length: 400 }, () => feed.events(somebody('bob')));
  for (const reader of readers) await reader.next();
  for (const status of ['pending', 'approved']) {
    if (status === 'approved') await open.approvals.execute(id, decided('approved', 'bob'));
    get.mockClear();
    news();
    for (const reader of readers) expect(await next(reader)).toMatchObject({ data: { id, status } });
    expect(get).toHaveBeenCalledOnce();
  }
  for (const reader of readers) await reader.return();
});

it('ends for one who takes less than what changes, and resumes behind what was seen', async () => {
  const reader = feed.events(somebody('bob'));
  await reader.next();
  await ask();
  const seen = (await open.store.get(id))!.updated_at;
  const message = encode(open.last('approval.created')!);
  for (let n = 0; n < 20_000; n += 1) {
    const headers = { ...message.headers, ce_subject: `approvals/${n}` };
    tell({ ...message, headers, partition: 0, offset: `${n}`, timestamp: 0 });
  }
  expect(await reader.next()).toEqual({ value: undefined, done: true });
  const resumed = feed.events(somebody('bob'), seen);
  expect(await next(resumed)).toMatchObject({ data: { id } });
  await resumed.return();
});

it('tells of all that has changed since, also of many in one second', async () => {
  for (let n = 0; n < 120; n += 1)
    await open.events.required(requestFor({ run_id: `run-${n}`, approval_id: `approval-${n}`, user_id: 'grace' }));
  const events = feed.events(somebody('bob'), 0);
  const told = new Set<string>();
  for (let n = 0; n < 120; n += 1) told.add(((await next(events)) as { data: { id: string } }).data.id);
  expect(told.size).toBe(120);
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
