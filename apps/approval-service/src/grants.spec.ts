import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { now, requestFor } from './approval.given.js';
import { openApprovals, somebody, type OpenedApprovals } from './approvals.given.js';
import { GrantsController } from './grants.controller.js';

const all = { limit: 10, page: 1 };

describe('the standing grants', () => {
  let open: OpenedApprovals;
  let http: GrantsController;
  beforeEach(async () => {
    open = await openApprovals();
    http = new GrantsController(open.grants);
    const { run_id, approval_id, agent_id, tool_name } = requestFor({}).data;
    const grant = { id: 'grant-1', run_id, approval_id, agent_id, tool_name, arguments: {}, created_by: 'bob' };
    await open.grants.handle('grant-1', { type: 'created', grant: { ...grant, expires_in: 60, traceparent: null } });
  });
  afterEach(() => open.close());

  it('are listed, also those that hold no longer', async () => {
    open.clock.time = now + 61_000;
    expect((await http.list(all)).data).toMatchObject([{ id: 'grant-1', created_by: 'bob' }]);
    expect((await http.list({ ...all, agent_id: 'dev' })).data).toEqual([]);
    expect(await http.get('grant-1')).toMatchObject({ id: 'grant-1' });
  });

  it('approve nothing more from when somebody revokes them, who is named', async () => {
    await open.events.required(requestFor({ approval_id: 'first', tool_call_id: 'call_1' }));
    expect(await http.revoke('grant-1', somebody('carol'))).toMatchObject({ revoked_by: 'carol' });
    await open.events.required(requestFor({ approval_id: 'second', tool_call_id: 'call_2' }));
    expect(await open.store.get('first')).toMatchObject({ status: 'approved', grant_id: 'grant-1' });
    expect(await open.store.get('second')).toMatchObject({ status: 'pending', grant_id: null });
    expect(await http.revoke('grant-1', somebody('dave'))).toMatchObject({ revoked_by: 'carol' });
  });

  it('have to be there to be shown or revoked', async () => {
    await expect(http.get('none')).rejects.toMatchObject({ status: 404 });
    await expect(http.revoke('none', somebody('carol'))).rejects.toMatchObject({ status: 404 });
  });
});
