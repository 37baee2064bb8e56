import { after } from '@countersign/contracts/time';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { now, requestFor } from '../../test/approval.fixtures.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';
import { definitionsWith } from '../../test/definitions.fixtures.js';
import { GrantsController } from './grants.controller.js';
import { Grants } from './grants.js';
import { PolicyEvaluator } from '../policy/policy-evaluator.js';

const all = { limit: 10, page: 1 };
const version = (equals: string, then: object) => ({
  name: equals,
  when: { arguments: { version: { equals } } },
  then,
});
const lenient = { require: { allow: ['approve', 'reject', 'grant'], grant: { max_uses: 2 } } };
const rules = {
  groups: { ops: ['bob', 'carol'] },
  policies: { rules: [version('2.1.0', lenient), version('6.6.6', { reject: 'No.' })] },
};

describe('the standing grants', () => {
  let open: OpenedApprovals;
  let http: GrantsController;
  beforeEach(async () => {
    open = await openApprovals({ rules });
    http = new GrantsController(open.grants);
    await give();
  });
  afterEach(() => open.close());

  const ask = async (id: string, change: Parameters<typeof requestFor>[0] = {}) => {
    await open.events.required(requestFor({ approval_id: id, tool_call_id: id, ...change }));
    return (await open.store.get(id))!;
  };
  /** Bob approves a call, and gives a grant with it. */
  async function give(grant: object = {}): Promise<void> {
    const approval = await ask(`given ${JSON.stringify(grant)}`);
    const resolution_data = { grant: { expires_in: 60, ...grant } };
    await open.decisions.decide(approval.id, { status: 'approved', resolution_data }, somebody('bob'));
    await open.granting.give((await open.store.get(approval.id))!);
  }
  const only = async () => (await http.list(all)).data[0]!;

  it('are listed, also those that hold no longer, and show no more than they should', async () => {
    open.clock.time = after(now, 61_000);
    const { data } = await http.list(all);
    expect(data).toMatchObject([{ created_by: 'bob', covers: 'exact', max_uses: 2, rule: '2.1.0' }]);
    expect(Object.keys(data[0]!)).not.toContain('salt');
    expect((await http.list({ ...all, agent_id: 'dev' })).data).toEqual([]);
    expect(await http.get(data[0]!.id)).toEqual(data[0]);
  });

  it('approve nothing more from when somebody revokes them, who is named', async () => {
    expect(await ask('first')).toMatchObject({ status: 'approved', granted: { given_by: [{ by: 'bob' }] } });
    const { id } = await only();
    expect(await http.revoke(id, somebody('carol'))).toMatchObject({ revoked_by: 'carol' });
    expect(await ask('second')).toMatchObject({ status: 'pending', grant_id: null });
    expect(await http.revoke(id, somebody('dave'))).toMatchObject({ revoked_by: 'carol' });
  });

  it('let as many calls through as they have uses, however many come at once', async () => {
    const asked = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => ask(id)));
    expect(asked.filter(({ status }) => status === 'approved')).toHaveLength(2);
    expect((await only()).uses).toHaveLength(2);
  });

  it('take one use for a call that is asked for again, and none for one that people decide on already', async () => {
    const event = requestFor({ approval_id: 'first', tool_call_id: 'first' });
    await open.events.required(event);
    await open.events.required(event);
    expect((await only()).uses).toHaveLength(1);
    const other = await ask('waiting', { user_id: 'bob' });
    expect(other.status).toBe('pending');
    await open.events.required(requestFor({ approval_id: 'waiting', tool_call_id: 'waiting' }));
    expect((await only()).uses).toHaveLength(1);
  });

  it('keep a use that was taken for a call of which nothing else is known yet', async () => {
    const { id } = await only();
    await open.grants.execute(id, { type: 'used', approval_id: 'crashed' });
    expect(await ask('crashed')).toMatchObject({ status: 'approved', grant_id: id });
    expect((await only()).uses).toHaveLength(1);
  });

  it.each<[string, Parameters<typeof requestFor>[0]]>([
    ['who gave them asked for', { requested_by: 'bob' }],
    ['are for who gave them', { user_id: 'bob' }],
    ['have another tool by now', { parameters: { type: 'object' } }],
    ['have a tool that does something else by now', { tool_version: 'execute:other' }],
    ['a person has to fill in', { pause_type: 'user_input' }],
  ])('open nothing for calls that %s', async (_, change) => {
    expect(await ask('other', change)).toMatchObject({ status: 'pending', grant_id: null });
  });

  it('open nothing that the rules reject', async () => {
    const { tool_args } = requestFor({}).data;
    expect(await ask('other', { tool_args: { ...tool_args, version: '6.6.6' } })).toMatchObject({ status: 'rejected' });
  });

  it.each<[string, object]>([
    ['more people', { ...lenient.require, approvers: [{ anyone: true, count: 2 }] }],
    ['other people', { ...lenient.require, approvers: [{ group: 'ops' }] }],
    ['that nobody gives grants', { allow: ['approve', 'reject'] }],
    ['shorter grants', { ...lenient.require, grant: { max_duration: '1m', max_uses: 2 } }],
  ])('open nothing any more where the rules ask for %s by now', async (_, require) => {
    const policies = { rules: [version('2.1.0', { require })] };
    const definitions = definitionsWith({ ...rules, policies });
    const judge = new PolicyEvaluator(definitions);
    const granting = new Grants({
      grants: open.grants,
      approvals: open.store,
      definitions: () => definitions,
      now: () => now,
      setBack: () => null,
    });
    const asked = requestFor({ approval_id: 'later', tool_call_id: 'later' }).data;
    expect(await granting.use(asked, judge.evaluate(asked))).toBeNull();
    expect((await only()).uses).toEqual([]);
  });

  it('hold for the tool that was asked for, where the file declares another by the time they are made', async () => {
    const waiting = await ask('asked before', { user_id: 'bob', tool_version: 'execute:old' });
    const resolution_data = { grant: { expires_in: 60 } };
    await open.decisions.decide(waiting.id, { status: 'approved', resolution_data }, somebody('carol'));
    await open.granting.give((await open.store.get(waiting.id))!);
    expect((await http.list(all)).data).toHaveLength(2);
    expect(await ask('after', { tool_version: 'execute:new' })).toMatchObject({ status: 'pending', grant_id: null });
    expect(await ask('before', { tool_version: 'execute:old' })).toMatchObject({ status: 'approved' });
  });

  it('have to be there to be shown or revoked', async () => {
    await expect(http.get('none')).rejects.toMatchObject({ status: 404 });
    await expect(http.revoke('none', somebody('carol'))).rejects.toMatchObject({ status: 404 });
  });
});
