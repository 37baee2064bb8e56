import { TerminalError, type Approval, type Event } from '@countersign/contracts';
import { Aggregate, type Store } from '@countersign/persistence';
import { goldenEvent, openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApprovalEventsController } from './approval-events.controller.js';
import { inputRequired, now, required, requirementWith, runFailed, values } from './approval.given.js';
import { decideApproval, type ApprovalMessage } from './approval.js';
import { ApprovalsController } from './approvals.controller.js';

const { event } = inputRequired({}, { redact: ['version', 'window'] });
const id = event.data.approval_id;
const path = 'resolution_data.values.replicas';

describe('the approvals', () => {
  let close: () => void;
  let published: Event[];
  let store: Store<Approval>;
  let over: { http: ApprovalsController; events: ApprovalEventsController };
  beforeEach(() => {
    const temporary = openTemporaryDatabase();
    close = temporary.close;
    const collection = { name: 'approvals', key: 'id' as const, indexes: [['run_id'], ['-created_at']] };
    store = temporary.database.collection<Approval>(collection).store;
    published = [];
    const approvals = new Aggregate<Approval, ApprovalMessage>({
      collection,
      store,
      decide: decideApproval,
      source: '/approval-service',
      publish: (events) => void published.push(...events),
      now: () => now,
    });
    over = {
      http: new ApprovalsController(approvals),
      events: new ApprovalEventsController(approvals, required().terms),
    };
  });
  afterEach(() => close());
  const typesOf = () => [...new Map(published.map((each) => [each.id, each.type])).values()];

  it('are redacted where many are shown, and whole where one is', async () => {
    await over.events.required(event);
    await over.http.resolve(id, { status: 'approved', resolution_data: { values } });
    const { data } = await over.http.list({ limit: 10, page: 1 });
    const tool_args = { service_name: 'auth-service', version: '[redacted]' };
    expect(data).toMatchObject([{ tool_args, resolution_data: { values: { window: '[redacted]', replicas: 3 } } }]);
    expect(JSON.stringify(data[0]!.requirements)).not.toMatch(/CHG-2201|2\.1\.0/);
    expect(await over.http.get(id)).toMatchObject({
      tool_args: event.data.tool_args,
      resolution_data: { values },
      requirements: [{ user_input_schema: [{ value: 'CHG-2201' }, { value: 3 }, { value: null }] }],
    });
  });

  it('refuse values that do not fit over HTTP with 422 and the names of the fields, and record nothing', async () => {
    await over.events.required(event);
    const refused = over.http.resolve(id, {
      status: 'approved',
      resolution_data: { values: { ...values, replicas: 0 } },
    });
    await expect(refused).rejects.toMatchObject({
      status: 422,
      detail: expect.stringContaining(`${path}: must be >= 1`),
      errors: [{ path, message: 'must be >= 1' }],
    });
    expect(await store.get(id)).toMatchObject({ status: 'pending', version: 1, decisions: [] });
  });

  it('refuse them in the same words when they come as a command, which is then dead', async () => {
    await over.events.required(event);
    const command = goldenEvent('approval.resolve_requested');
    const refused = over.events.resolveRequested({ ...command, data: { approval_id: id, status: 'approved' } });
    await expect(refused).rejects.toThrow(
      `the values do not fit: resolution_data.values.window: is missing; ${path}: is missing`,
    );
    await expect(refused).rejects.toBeInstanceOf(TerminalError);
    expect(await store.get(id)).toMatchObject({ status: 'pending', version: 1 });
  });

  it('answer 409 to a second decision, whatever its values', async () => {
    await over.events.required(event);
    await over.http.resolve(id, { status: 'rejected', resolved_by: 'bob' });
    await expect(over.http.resolve(id, { status: 'approved' })).rejects.toMatchObject({ status: 409 });
  });

  it('are void when their run fails before they were asked for', async () => {
    await over.events.failed({ ...runFailed, data: { ...runFailed.data, requirements: [event.data.requirement] } });
    await over.events.required(event);
    expect(await store.get(id)).toMatchObject({ status: 'cancelled', run_status: 'ERROR', version: 1 });
    expect(typesOf()).toEqual(['approval.resolved']);
  });

  it('are void when their run fails after they were asked for', async () => {
    await over.events.required(event);
    await over.events.failed(runFailed);
    await over.events.failed({ ...runFailed, data: { ...runFailed.data, requirements: [event.data.requirement] } });
    expect(await store.get(id)).toMatchObject({ status: 'cancelled', run_status: 'ERROR', version: 2 });
    expect(typesOf()).toEqual(['approval.created', 'approval.resolved']);
  });

  it('are none for calls that a run waits for without asking here', async () => {
    const requirement = requirementWith({ approval_id: null, approval_type: null });
    await over.events.failed({ ...runFailed, data: { ...runFailed.data, requirements: [requirement] } });
    expect((await over.http.list({ limit: 10, page: 1 })).data).toEqual([]);
  });
});
