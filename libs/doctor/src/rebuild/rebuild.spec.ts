import { parseEventData, type Event, type EventData, type EventName } from '@countersign/contracts';
import { approvalDigest, Approval } from '@countersign/contracts/approvals';
import { after, atMillis, millisOf } from '@countersign/contracts/time';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { History, type Proofs } from './history.js';
import { approvalsOf, executionsOf, runsOf } from './records.js';

const golden = <N extends EventName>(name: N): EventData<N> => {
  const file = new URL(`../../../contracts/fixtures/v1/${name}.json`, import.meta.url);
  return parseEventData(name, (JSON.parse(readFileSync(file, 'utf8')) as { data: unknown }).data);
};
const [id, run_id] = [golden('approval.created').id, golden('approval.created').run_id];
const created = golden('approval.created');
const digest = approvalDigest(
  Approval.parse({ ...created, deleted_at: null, version: 1, due_at: null, traceparent: null }),
);
const ofCall = { run_id, approval_id: id, tool_call_id: created.tool_call_id, tool_name: created.tool_name };
const ofExecution = { ...ofCall, execution_id: id, attempt: 1, digest, signature: 'signed' };

const event = <N extends EventName>(type: N, change: Partial<EventData<N>> = {}): Event => {
  const data = parseEventData(type, { ...golden(type), ...change });
  return {
    type,
    data,
    key: run_id,
    id: type,
    source: '',
    time: '',
    subject: '',
    traceparent: null,
    tracestate: null,
  } as Event;
};
const told = {
  started: event('run.started', { run_id, input: 'Deploy it.' }),
  created: event('approval.created'),
  approved: event('approval.resolved', {
    ...ofCall,
    status: 'approved',
    tool_args: created.tool_args,
    salt: created.salt,
    resolution_data: null,
    digest,
    requester: created.user_id,
    requested_by: created.requested_by,
    tool_version: created.tool_version,
    signature: 'signed',
  }),
  begun: event('tool.execution_started', ofExecution),
  done: event('tool.execution_completed', { ...ofExecution, result: 'Deployed.' }),
  completed: event('run.completed', { run_id, content: 'It is there.', signature: 'signed' }),
};
/** Believes what says that it is signed. */
const signed = async ({ data }: { data: { signature: string | null } }) =>
  data.signature === 'signed' ? undefined : 'It is not signed.';
const proofs: Proofs = { decision: signed, result: signed, end: signed };

const begun = atMillis(1_788_000_000_000);

async function history(events: readonly Event[], until?: number): Promise<History> {
  const read = new History(proofs, until === undefined ? undefined : atMillis(until));
  for (const [n, each] of events.entries()) await read.take(each, after(begun, millisOf(n)));
  return read;
}
const all = Object.values(told);

describe('what a log says of records', () => {
  it('is all of what is over, in whichever order and however often it is read', async () => {
    for (const events of [all, all.toReversed(), [...all, ...all]]) {
      const read = await history(events);
      expect(runsOf(read)).toMatchObject([
        { run_id, status: 'COMPLETED', run_input: 'Deploy it.', content: 'It is there.' },
      ]);
      expect(approvalsOf(read)).toMatchObject([{ id, status: 'approved', run_status: 'COMPLETED', digest }]);
      expect(executionsOf(read)).toMatchObject([{ id, status: 'succeeded', result: 'Deployed.', due_at: null }]);
      expect(executionsOf(read)[0]!.attempts).toHaveLength(1);
    }
  });

  it('is no decision, no outcome and no end that nobody signed', async () => {
    for (const forged of ['approved', 'done', 'completed'] as const) {
      const { data } = told[forged] as { data: object };
      const event = { ...told[forged], data: { ...data, signature: null } } as Event;
      const read = await history(all.map((each) => (each === told[forged] ? event : each)));
      expect(read.notBelieved).toMatchObject([{ event: event.type, reason: 'It is not signed.' }]);
      const count = [
        runsOf(read),
        approvalsOf(read),
        executionsOf(read).filter(({ status }) => status === 'succeeded'),
      ];
      expect(count.map((records) => records.length)).toEqual(
        { approved: [1, 0, 0], done: [1, 1, 0], completed: [0, 1, 1] }[forged],
      );
    }
  });

  it('says that a call was approved if it ever was, whatever was published of it after a loss', async () => {
    const { data } = told.approved as Event<'approval.resolved'>;
    const cancelled = event('approval.resolved', { ...data, status: 'cancelled' });
    for (const events of [
      [...all, cancelled],
      [cancelled, ...all],
    ])
      expect(approvalsOf(await history(events))).toMatchObject([{ status: 'approved' }]);
  });

  it('leaves an approval out whose request is another than the one that was decided on', async () => {
    const other = event('approval.created', { tool_args: { service_name: 'other' } });
    expect(approvalsOf(await history([other, told.approved]))).toHaveLength(1);
    const salted = event('approval.created', { user_id: 'mallory' });
    expect(approvalsOf(await history([salted, told.approved]))).toEqual([]);
  });

  it('leaves to a person what became of a call that began once more, or of which it has no outcome', async () => {
    const again = event('tool.execution_started', { ...ofExecution, attempt: 1_000_000_000 });
    for (const events of [[...all, again], [again, ...all], [told.approved], [told.approved, told.begun]]) {
      const [execution] = executionsOf(await history(events));
      expect(execution).toMatchObject({ status: 'outcome_unknown', result: null, decision: 'signed' });
      expect(execution!.attempts.length).toBeLessThan(101);
    }
  });

  it('makes no execution of what a person did by hand', async () => {
    const byHand = event('approval.resolved', {
      ...(told.approved as Event<'approval.resolved'>).data,
      resolution_data: { result: 'I did it.' },
    });
    expect(executionsOf(await history([told.created, byHand]))).toEqual([]);
    expect(executionsOf(await history([told.approved, told.completed]))).toEqual([]);
  });

  it('is as of a time for what was decided, and never for what was done', async () => {
    const read = await history(all, 1_788_000_001_500);
    expect([runsOf(read), approvalsOf(read)]).toEqual([[], []]);
    expect([...read.started.keys()]).toEqual([run_id]);
    expect(executionsOf(read)).toMatchObject([{ status: 'succeeded' }]);
  });
});
