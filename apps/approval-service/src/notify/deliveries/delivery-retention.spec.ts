import type { Approval } from '@countersign/contracts/approvals';
import type { NoticeDelivery } from '@countersign/contracts/deliveries';
import { after, type EpochMillis } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { approvalCollection } from '../../lists/approval-collection.js';
import { deliveriesNoLongerNeeded } from './delivery-retention.js';
import { deliveryCollection } from './delivery-record.js';
import {
  approvalWith,
  claimed,
  continued,
  created,
  day,
  deliveryAfter,
  failedForGood,
  failedForNow,
  now,
  sent,
} from '../../../test/notify.fixtures.js';

let given: ReturnType<typeof openTemporaryDatabase>;
let approvals: Store<Approval>;
let deliveries: Store<NoticeDelivery>;
beforeEach(() => {
  given = openTemporaryDatabase();
  approvals = given.database.collection(approvalCollection).store;
  deliveries = given.database.collection(deliveryCollection).store;
});
afterEach(() => given.close());

const insert = (id: string, delivery: NoticeDelivery, approval_id: string) =>
  deliveries.commit({ expected: 0, state: { ...delivery, id, approval_id, version: 1 }, events: [] });
const decide = (id: string, status: Approval['status']) =>
  approvals.commit({ expected: 0, state: approvalWith({ id, status, version: 1 }), events: [] });
/** Removes what was settled before this time. @returns what is left. */
async function leftAfter(time: EpochMillis): Promise<string[]> {
  for (const { purgeBefore } of deliveriesNoLongerNeeded(deliveries, approvals))
    for await (const _removed of purgeBefore(time));
  const left = await deliveries.find({ filter: {}, sort: [], limit: 100 });
  return left.map(({ id }) => id).toSorted();
}

it('deliveries stay until they and their approvals are settled and that is a while ago', async () => {
  await Promise.all([decide('decided', 'approved'), decide('waiting', 'pending')]);
  await insert('delivered', deliveryAfter(created(), claimed, sent), 'decided');
  await insert('failed', deliveryAfter(created(), claimed, failedForGood), 'decided');
  await insert('of a removed approval', deliveryAfter(created(), claimed, sent), 'gone');
  await insert('to be changed later', deliveryAfter(created(), claimed, sent), 'waiting');
  await insert('under way', deliveryAfter(created(), claimed), 'decided');
  await insert('to be tried again', deliveryAfter(created(), claimed, failedForNow()), 'decided');
  await insert('of late', continued(deliveryAfter(created(), claimed), after(now, day), sent), 'decided');

  expect(await leftAfter(now)).toHaveLength(7);
  const stay = ['of late', 'to be changed later', 'to be tried again', 'under way'];
  expect(await leftAfter(after(now, day))).toEqual(stay);
  expect(await leftAfter(after(now, 2 * day))).toEqual(stay.slice(1));
});
