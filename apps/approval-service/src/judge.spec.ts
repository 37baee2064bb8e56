import { plainTerms, type Grant } from '@countersign/contracts';
import { policySetOf, policyVersion } from '@countersign/definitions';
import { Aggregate, type Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { now, requestFor } from './approval.given.js';
import { definitionsWith } from './definitions.given.js';
import { decideGrant, type GrantMessage, type NewGrant } from './grant.js';
import { Judge } from './judge.js';

const { data: asked } = requestFor({});
const tool = { name: 'deploy_to_production', description: '', parameters: { type: 'object' } };
const byVersion = (version: string, then: object) => ({
  name: `version ${version}`,
  when: { arguments: { version: { equals: version } } },
  then,
});
const rules = [
  byVersion('2.1.0', { require: { approvers: [{ group: 'ops', count: 2 }], expires_in: '1h' } }),
  byVersion('2.0.0', { approve: true }),
  byVersion('6.6.6', { reject: 'Nobody knows this version.' }),
];
const groups = { ops: ['bob', 'carol', 'dave'] };
const with_ = (version: string) => ({ ...asked, tool_args: { ...asked.tool_args, version } });

describe('the judge', () => {
  let close: () => void;
  let clock: number;
  let store: Store<Grant>;
  let grants: Aggregate<Grant, GrantMessage>;
  beforeEach(() => {
    const temporary = openTemporaryDatabase();
    [close, clock] = [temporary.close, now];
    const collection = { name: 'grants', key: 'id' as const, indexes: [['agent_id', 'tool_name', '-expires_at']] };
    store = temporary.database.collection<Grant>(collection).store;
    const common = { source: '/approval-service', publish: () => {}, now: () => clock };
    grants = new Aggregate<Grant, GrantMessage>({ ...common, collection, store, decide: decideGrant });
  });
  afterEach(() => close());

  const judgeBy = (content: object = {}, expires_in: number | null = null) =>
    new Judge({
      definitions: definitionsWith({ tools: [tool], ...content }),
      grants: store,
      expires_in,
      now: () => clock,
    });
  const give = async (change: Partial<NewGrant> = {}) => {
    const { agent_id, tool_name, run_id, approval_id } = asked;
    const grant = {
      id: 'grant-1',
      run_id,
      approval_id,
      agent_id,
      tool_name,
      arguments: {},
      created_by: 'bob',
      traceparent: null,
    };
    const message = { type: 'created', grant: { ...grant, expires_in: 600, ...change } } as const;
    await grants.handle(message.grant.id, message, { creates: true });
  };

  it('lets anybody but who asked approve where there are no rules, with no time limit', async () => {
    expect(await judgeBy().judge(asked)).toMatchObject({
      terms: plainTerms,
      policy: { rule: null, outcome: 'require' },
      shadow: null,
      reason: null,
      grant_id: null,
    });
  });

  it('requires what the rule that matches says, and names it', async () => {
    const content = { groups, policies: { rules } };
    const { terms, policy } = await judgeBy(content).judge(asked);
    expect(terms).toMatchObject({ approvers: [{ group: 'ops', count: 2, members: groups.ops }], expires_in: 3600 });
    const version = policyVersion(policySetOf(definitionsWith({ tools: [tool], ...content })));
    expect(policy).toEqual({ version, rule: 'version 2.1.0', outcome: 'require' });
  });

  it('approves and rejects what the rules approve and reject, and says why', async () => {
    const judge = judgeBy({ groups, policies: { rules } });
    expect(await judge.judge(with_('2.0.0'))).toMatchObject({ policy: { outcome: 'approve' }, reason: null });
    expect(await judge.judge(with_('6.6.6'))).toMatchObject({
      policy: { outcome: 'reject', rule: 'version 6.6.6' },
      reason: 'Nobody knows this version.',
    });
  });

  it('approves what its tool only wants recorded, unless a rule says otherwise', async () => {
    const audit = { ...asked, approval_type: 'audit' as const };
    expect(await judgeBy().judge(audit)).toMatchObject({ policy: { outcome: 'approve' } });
    const strict = judgeBy({ groups, policies: { rules } });
    expect(await strict.judge(audit)).toMatchObject({ policy: { outcome: 'require' } });
  });

  it('records what the rules on trial say, and does not go by it', async () => {
    const shadow = { rules: [byVersion('2.1.0', { reject: 'Too old.' })] };
    const judgement = await judgeBy({ groups, policies: { rules }, shadow }).judge(asked);
    expect(judgement).toMatchObject({
      policy: { rule: 'version 2.1.0', outcome: 'require' },
      shadow: { rule: 'version 2.1.0', outcome: 'reject' },
      reason: null,
    });
    expect(judgement.shadow!.version).not.toBe(judgement.policy!.version);
  });

  it('sets the time limit of the service where the rules set none', async () => {
    expect((await judgeBy({}, 60).judge(asked)).terms.expires_in).toBe(60);
    expect((await judgeBy({ groups, policies: { rules } }, 60).judge(asked)).terms.expires_in).toBe(3600);
  });

  it('finds a grant that covers the call, among others that do not', async () => {
    await give({ id: 'other arguments', arguments: { service_name: 'billing' }, expires_in: 900 });
    await give({ id: 'other tool', tool_name: 'restart' });
    await give({ id: 'other agent', agent_id: 'dev' });
    expect(await judgeBy().judge(asked)).toMatchObject({ grant_id: null });
    await give({ arguments: { service_name: 'auth-service' } });
    expect(await judgeBy().judge(asked)).toMatchObject({ grant_id: 'grant-1', policy: { outcome: 'require' } });
  });

  it('finds none that is over', async () => {
    await give();
    clock += 600_000;
    expect(await judgeBy().judge(asked)).toMatchObject({ grant_id: null });
  });

  it('finds none that is revoked', async () => {
    await give();
    await grants.handle('grant-1', { type: 'revoked', by: 'carol' });
    expect(await judgeBy().judge(asked)).toMatchObject({ grant_id: null });
  });

  it('looks for none where a rule rejects, so a grant opens nothing that is forbidden', async () => {
    await give();
    const judged = await judgeBy({ groups, policies: { rules } }).judge(with_('6.6.6'));
    expect(judged).toMatchObject({ policy: { outcome: 'reject' }, grant_id: null });
  });

  it('looks for none where a person is to fill in fields', async () => {
    await give();
    expect(await judgeBy().judge({ ...asked, pause_type: 'user_input' })).toMatchObject({ grant_id: null });
  });
});
