import type { Execution } from '@countersign/contracts/executions';
import { after, toEpochMillis, type EpochSeconds } from '@countersign/contracts/time';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  approved,
  askable,
  claimed,
  executionAfter,
  failed,
  lost,
  nowSeconds,
  settled,
  succeeded,
} from '../../test/execution.fixtures.js';
import { replyCollection } from './replies.js';
import { repliesNoLongerNeeded } from './reply-retention.js';

let given: ReturnType<typeof openTemporaryDatabase>;
beforeEach(() => void (given = openTemporaryDatabase()));
afterEach(() => given.close());

it('replies stay until the execution is over and they are old', async () => {
  const { store: replies } = given.database.collection(replyCollection);
  const { store: executions } = given.database.collection<Execution>({ name: 'executions', key: 'id', indexes: [] });
  const replied = async (execution_id: string, created_at = nowSeconds, execution?: Execution) => {
    if (execution)
      await executions.commit({ expected: 0, state: { ...execution, id: execution_id, version: 1 }, events: [] });
    const said = { id: `to ${execution_id}`, execution_id, topic: 'replies', attempt: null, text: 'done' };
    const stored = {
      version: 1,
      due_at: null,
      traceparent: null,
      tracestate: null,
      created_at,
      updated_at: created_at,
    };
    await replies.commit({ expected: 0, state: { ...said, ...stored }, events: [] });
  };
  await replied('succeeded', nowSeconds, executionAfter(approved(), claimed, succeeded));
  await replied('failed', nowSeconds, executionAfter(approved(), claimed, failed));
  await replied('settled', nowSeconds, executionAfter(approved(), claimed, lost, settled('succeeded')));
  await replied('nothing we know');
  await replied('running', nowSeconds, executionAfter(approved(), claimed));
  await replied('being asked about', nowSeconds, executionAfter(askable, claimed, lost));
  await replied('unknown', nowSeconds, executionAfter(approved(), claimed, lost));
  await replied('young', after(nowSeconds, 60), executionAfter(approved(), claimed, succeeded));

  const leftAfter = async (at: EpochSeconds) => {
    for await (const _ of repliesNoLongerNeeded(replies, executions).purgeBefore(toEpochMillis(at)));
    const left = await replies.find({ filter: {}, sort: [], limit: 100 });
    return left.map(({ execution_id }) => execution_id);
  };
  expect(await leftAfter(nowSeconds)).toHaveLength(8);
  expect(await leftAfter(after(nowSeconds, 1))).toEqual(['being asked about', 'running', 'unknown', 'young']);
});
