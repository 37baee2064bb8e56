import type { ResolutionData } from '@countersign/contracts/approvals';
import { describe, expect, it } from 'vitest';
import type { Client } from '../world/client.js';
import { eventually } from '../world/eventually.js';
import { call, wants } from '../runs/model-plans.js';
import { aLine, type World } from '../world/world.js';

/** The rule that the first scenarios of the cases call lenient, before and after somebody changes it. */
const before = 'then: { require: { allow: [approve, reject, edit, grant] } }';
const after =
  'then: { require: { approvers: [{ group: release-managers, count: 2 }], allow: [approve, reject, edit, grant] } }';
const never = 'then: { reject: Nothing changes any more. }';

/** Of somebody who may approve what is harmless, and would like something else to run. */
export function ruleGateScenarios(world: World): void {
  const of = (person: string) => world.client.for(person, { roles: ['requester'] });
  const asked = async (environment: string, line = aLine(), client: Client = world.client) => {
    const input = world.plans.plan('release', wants(call('release', { environment, line })));
    const { run_id } = await client.startRun(input, { agent: 'worker' });
    const approval = await eventually('the approval', async () => {
      return (await world.client.approvals.list({ run_id })).data[0];
    });
    return { run_id, approval, line };
  };
  const approve = (id: string, by: string, data?: ResolutionData) => world.client.resolve(id, 'approved', by, data);
  const grantOf = (approvalId: string) =>
    eventually('the grant', async () =>
      (await world.client.grants.list({ tool_name: 'release' })).data.find(
        ({ approval_id }) => approval_id === approvalId,
      ),
    );
  const cancel = (run_id: string) => world.client.cancelRun(run_id, 'only a test', 'worker');

  describe('a grant', () => {
    it('of nothing is refused, and one that was given under a lenient rule opens no other', async () => {
      const first = await asked('staging');
      const giving = (grant: NonNullable<ResolutionData['grant']>) => approve(first.approval.id, 'carl', { grant });
      for (const wrong of [{}, { region: 'eu' }, { environment: 'production' }])
        await expect(giving({ expires_in: 600, arguments: wrong })).rejects.toMatchObject({ status: 422 });
      await expect(giving({ expires_in: 600, max_uses: 2 })).rejects.toMatchObject({ status: 422 });
      await giving({ expires_in: 600, arguments: { line: first.line } });
      await world.ended(first.run_id);
      await grantOf(first.approval.id);

      const production = await asked('production', first.line);
      expect(production.approval).toMatchObject({ status: 'pending', required_approvals: 2, grant_id: null });
      await approve(production.approval.id, 'mona');
      await expect(approve(production.approval.id, 'carl')).rejects.toMatchObject({ status: 403 });
      await approve(production.approval.id, 'mike');
      expect(await world.ended(production.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(first.line)).toBe(2);
    });

    it('never opens what its giver asks for, or has asked for', async () => {
      const [alice, bob] = [await of('alice'), await of('bob')];
      const first = await asked('changing', aLine(), alice);
      await approve(first.approval.id, 'bob', { grant: { expires_in: 600 } });
      await world.ended(first.run_id);
      await grantOf(first.approval.id);
      const own = await asked('changing', first.line, bob);
      expect(own.approval).toMatchObject({ status: 'pending', requested_by: 'bob' });
      await cancel(own.run_id);
      const again = await asked('changing', first.line, alice);
      expect(await world.ended(again.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect((await world.client.approvals.get(again.approval.id)).granted).toMatchObject({
        given_by: [{ by: 'bob' }],
      });
    });

    it('of one use opens one call, however many ask at once', async () => {
      const first = await asked('staging');
      await approve(first.approval.id, 'carl', { grant: { expires_in: 600, max_uses: 1 } });
      await world.ended(first.run_id);
      await grantOf(first.approval.id);
      const all = await Promise.all(Array.from({ length: 4 }, () => asked('staging', first.line)));
      const through = all.filter(({ approval }) => approval.grant_id !== null);
      expect(through).toHaveLength(1);
      expect(await world.ended(through[0]!.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(first.line)).toBe(2);
      for (const { run_id, approval } of all) if (approval.grant_id === null) await cancel(run_id);
    });
  });

  describe('edited arguments', () => {
    it('that fall under a stricter rule, or one that rejects, are refused with what to do', async () => {
      const { run_id, approval, line } = await asked('staging');
      const edit = (environment: string) => approve(approval.id, 'carl', { tool_args: { environment, line } });
      await expect(edit('production')).rejects.toMatchObject({
        status: 409,
        detail: expect.stringMatching(/the rule "production", which requires more.*reject this one/),
      });
      await expect(edit(' PRODUCTION')).rejects.toMatchObject({ status: 409 });
      await expect(edit('frozen')).rejects.toMatchObject({
        status: 409,
        detail: expect.stringMatching(/the rule "frozen", which rejects it: Nothing is released there/),
      });
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending', decisions: [] });
      await edit('staging');
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED' });
    });
  });

  describe('whoever asked', () => {
    it('does not approve, whatever their role', async () => {
      const { run_id, approval } = await asked('staging');
      const admin = approval.requested_by!;
      expect(admin).not.toBeNull();
      const own = fetch(`${world.client.origins.approvals}/approvals/${approval.id}/resolve`, {
        method: 'POST',
        headers: { ...world.client.admin, 'content-type': 'application/json' },
        body: JSON.stringify({ status: 'approved' }),
      });
      expect((await own).status).toBe(403);
      await cancel(run_id);
    });

    it('is one person, however the name is written', async () => {
      const zoe = await of('zoe@example.com');
      const { run_id, approval } = await asked('staging', aLine(), zoe);
      await expect(approve(approval.id, ' Zoe@Example.com ')).rejects.toMatchObject({ status: 403 });
      await cancel(run_id);
      const production = await asked('production');
      await approve(production.approval.id, 'MONA');
      await expect(approve(production.approval.id, 'mona ')).rejects.toMatchObject({ status: 409 });
      expect(await approve(production.approval.id, 'max@example.com')).toMatchObject({ status: 'approved' });
      await world.ended(production.run_id);
    });
  });

  describe('rules that become stricter', () => {
    it('hold for what waits and for what was granted, and take nothing back when they become lenient again', async () => {
      const granted = await asked('changing');
      await approve(granted.approval.id, 'carl', { grant: { expires_in: 600 } });
      await world.ended(granted.run_id);
      await grantOf(granted.approval.id);
      const waiting = await asked('changing');
      const { run_id, approval } = await asked('changing');
      await reloadWith(before, after);
      // Whoever asks for a decision the moment after is answered by the rules in force, whichever instance that is.
      for (let n = 0; n < 4; n++) await expect(approve(approval.id, 'carl')).rejects.toMatchObject({ status: 403 });
      await cancel(run_id);
      const held = await eventually('the approval to be held against the rules', async () => {
        const approval = await world.client.approvals.get(waiting.approval.id);
        return approval.required_approvals === 2 && approval;
      });
      expect(held).toMatchObject({ status: 'pending', policy: { rule: 'changing' } });
      await expect(approve(held.id, 'carl')).rejects.toMatchObject({ status: 403 });
      const again = await asked('changing', granted.line);
      expect(again.approval).toMatchObject({ status: 'pending', grant_id: null });
      await cancel(again.run_id);

      await reloadWith(after, before);
      await approve(held.id, 'mona');
      expect(await world.client.approvals.get(held.id)).toMatchObject({ status: 'pending', required_approvals: 2 });

      await restartWith(before, never);
      await eventually('the approval to be rejected', async () => {
        return (await world.client.approvals.get(held.id)).status === 'rejected';
      });
      expect(await world.ended(waiting.run_id)).toMatchObject({ status: 'COMPLETED', tools: [{ confirmed: false }] });
      expect(world.timesWritten(waiting.line)).toBe(0);
    });
  });

  /** Puts the changed file in force; one that is wrong is refused before, with its line. */
  async function reloadWith(rule: string, other: string): Promise<void> {
    const { number } = (await world.client.config.versions())[0]!;
    const wrong = 'then: { requires: everything }';
    redefine(rule, wrong);
    await expect(world.client.config.reload()).rejects.toMatchObject({
      status: 422,
      code: 'config_invalid',
      detail: expect.stringMatching(/countersign\.yaml:\d+:\d+ policies\.rules/),
    });
    redefine(wrong, other);
    expect(await world.client.config.reload({ dry_run: true })).toMatchObject({ outcome: 'would_activate', number });
    expect(await world.client.config.reload()).toMatchObject({
      outcome: 'activated',
      number: number + 1,
      changes: [{ path: expect.stringContaining('policies.rules.changing') }],
    });
    const [latest] = await world.client.config.versions();
    expect(latest).toMatchObject({ number: number + 1, trigger: 'request' });
  }

  const redefine = (rule: string, other: string) =>
    world.redefine(`changing } } }\n      ${rule}`, `changing } } }\n      ${other}`);

  async function restartWith(rule: string, other: string): Promise<void> {
    redefine(rule, other);
    await world.stack.stop('approval-service');
    await world.stack.start();
  }
}
