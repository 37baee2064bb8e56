import { describe, expect, it } from 'vitest';
import { after, systemClock, toEpochSeconds } from '@countersign/contracts/time';
import type { ApiError } from '@countersign/client';
import { executionOnce } from '../executions/executor-calls.js';
import { pausedLine } from '../runs/line-run.js';
import type { World } from '../world/world.js';

/** Who decides, who may not, and who sees what. */
export function peopleScenarios(world: World): void {
  describe('the people', () => {
    it('of a group decide, as many as the rule says, and nobody else', async () => {
      const { run, approval, line } = await pausedLine(world, 'critical');
      const approve = (by: string) => world.client.resolve(approval.id, 'approved', by);
      expect(approval).toMatchObject({ required_approvals: 2, policy: { rule: 'critical' } });
      await expect(approve('ada')).rejects.toMatchObject({ status: 403 });
      expect(await approve('olga')).toMatchObject({ status: 'pending', decisions: [{ by: 'olga' }] });
      await expect(approve('olga')).rejects.toMatchObject({ status: 409 });
      expect(world.timesWritten(line)).toBe(0);
      expect(await approve('oscar')).toMatchObject({
        status: 'approved',
        decisions: [{ by: 'olga' }, { by: 'oscar' }],
      });
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(1);
    });

    it('decide in the place of whoever has named them, who counts once, where the rule has deputies', async () => {
      const { run, approval, line } = await pausedLine(world, 'critical');
      const approve = (by: string) => world.client.resolve(approval.id, 'approved', by);
      const oscar = await world.client.for('oscar');
      await expect(approve('mona')).rejects.toMatchObject({ status: 403 });
      const ends_at = after(toEpochSeconds(systemClock()), 600);
      const named = await oscar.delegations.create({ deputy: 'mona', ends_at, approval_id: approval.id });
      expect(await approve('mona')).toMatchObject({ decisions: [{ by: 'mona', on_behalf_of: 'oscar' }] });
      await expect(approve('oscar')).rejects.toMatchObject({ status: 409 });
      expect(world.timesWritten(line)).toBe(0);
      expect(await approve('olga')).toMatchObject({ status: 'approved' });
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(1);
      await oscar.delegations.revoke(named.id);
    });

    it('are in a group when their key says so, where the file leaves it to that', async () => {
      const { run, approval } = await pausedLine(world, 'audited');
      const { client } = world;
      const without = await client.for('abel');
      const auditor = await client.for('abel', { roles: ['approver'], groups: ['auditors'] });
      const outcome = async (who: typeof client) => (await who.resolveMany([approval.id], 'approved')).results[0];
      expect(await outcome(without)).toMatchObject({ status: 403 });
      expect(await outcome(auditor)).toMatchObject({ status: 200 });
      expect(await client.approvals.get(approval.id)).toMatchObject({
        decisions: [{ by: 'abel', groups: ['auditors'] }],
      });
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    });

    it('do not decide on what they asked for', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary', { user_id: 'rita' });
      expect(approval).toMatchObject({ user_id: 'rita' });
      await expect(world.client.resolve(approval.id, 'approved', 'rita')).rejects.toMatchObject({ status: 403 });
      // They answer what somebody wants to know first, and nobody else approves it meanwhile.
      const [ada, rita] = [await world.client.for('ada'), await world.client.for('rita', { roles: ['requester'] })];
      const [question] = (await ada.approvals.ask(approval.id, 'Why now?')).questions;
      await expect(world.client.resolve(approval.id, 'approved', 'grace')).rejects.toMatchObject({ status: 409 });
      await rita.approvals.answer(approval.id, question!.id, 'It is time.');
      await world.client.resolve(approval.id, 'approved', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    });

    it('approve alone in an emergency, where a rule names them, and somebody else reviews it', async () => {
      const { run, approval, line } = await pausedLine(world, 'critical');
      const [mona, olga] = [await world.client.for('mona'), await world.client.for('olga')];
      const said = { reason: 'It burns.', digest: approval.digest };
      await expect(olga.approvals.breakGlass(approval.id, said)).rejects.toMatchObject({ status: 403 });
      // The kill switch holds what was approved alone as it does any call.
      await world.client.turn('pause', 'write_line');
      expect(await mona.approvals.breakGlass(approval.id, said)).toMatchObject({ status: 'approved', review: 'open' });
      expect(await executionOnce(world, approval, 'queued')).toMatchObject({
        held_by: { code: 'kill_switch' },
        attempts: [],
      });
      expect(world.timesWritten(line)).toBe(0);
      await world.client.turn('resume', 'write_line');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(1);
      await expect(mona.approvals.review(approval.id, 'Fine.')).rejects.toMatchObject({ status: 403 });
      expect(await olga.approvals.review(approval.id, 'It did.')).toMatchObject({ review: 'closed' });
    });

    it('see only what is theirs when all they do is request', async () => {
      const rita = await world.client.for('rita', { roles: ['requester'] });
      const ron = await world.client.for('ron', { roles: ['requester'] });
      const { run, approval } = await pausedLine(world, 'ordinary', { user_id: 'rita' });
      expect((await rita.approvals.list({ run_id: run.run_id })).data).toMatchObject([{ id: approval.id }]);
      expect((await rita.approvals.get(approval.id)).id).toBe(approval.id);
      expect((await ron.approvals.list({ user_id: 'rita' })).data).toEqual([]);
      expect(await ron.approvals.countPending()).toBe(0);
      await expect(ron.approvals.get(approval.id)).rejects.toMatchObject({ status: 404 });
      await expect(ron.runs.get(run.run_id)).rejects.toMatchObject({ status: 404 });
      await expect(ron.approvals.comment(approval.id, 'let me see')).rejects.toMatchObject({ status: 403 });
      await expect(rita.resolveMany([approval.id], 'approved')).rejects.toMatchObject({ status: 403 });
      await world.client.cancelRun(run.run_id, 'only a test', 'worker');
    });

    it('decide on many at once, and get the outcome of each', async () => {
      const [open, critical, over] = await Promise.all(
        ['ordinary', 'critical', 'ordinary'].map((rule) => pausedLine(world, rule)),
      );
      await world.client.resolve(over!.approval.id, 'rejected', 'grace');
      const ada = await world.client.for('ada');
      const ids = [open!.approval.id, critical!.approval.id, over!.approval.id, 'nope'];
      const { results } = await ada.resolveMany(ids, 'approved');
      expect(results.map(({ id }) => id)).toEqual(ids);
      expect(results.map(({ status }) => status)).toEqual([200, 403, 409, 404]);
      expect(await world.ended(open!.run.run_id)).toMatchObject({ status: 'COMPLETED' });
      await world.client.cancelRun(critical!.run.run_id, 'only a test', 'worker');
    });

    it('talk about an approval before they decide, and after', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary');
      const ada = await world.client.for('ada');
      await ada.approvals.comment(approval.id, 'who knows why?');
      await world.client.resolve(approval.id, 'rejected', 'grace');
      expect(await ada.approvals.comment(approval.id, 'I see')).toMatchObject({
        status: 'rejected',
        comments: [
          { by: 'ada', text: 'who knows why?' },
          { by: 'ada', text: 'I see' },
        ],
      });
      await world.ended(run.run_id);
    });

    it.each([0, 5])('are counted exactly when 50 of them decide at once, one in %i against', async (against) => {
      const { run, approval, line } = await pausedLine(world, 'jury');
      const { client } = world;
      const people = Array.from({ length: 50 }, (_, n) => ({
        name: `juror-${n}`,
        rejects: against > 0 && n % against === 0,
      }));
      await Promise.all(people.map(({ name }) => client.as(name)));
      const answers = await Promise.all(
        people.map(({ name, rejects }) =>
          world.client.resolve(approval.id, rejects ? 'rejected' : 'approved', name).then(
            () => 200,
            (error: ApiError) => error.status,
          ),
        ),
      );
      const { status, decisions } = await client.approvals.get(approval.id);
      const verdicts = decisions.map(({ verdict }) => verdict).join(' ');
      expect(['approved approved', 'rejected', 'approved rejected']).toContain(verdicts);
      expect(status).toBe(verdicts.endsWith('approved') ? 'approved' : 'rejected');
      expect(new Set(decisions.map(({ by }) => by)).size).toBe(decisions.length);
      expect(answers.filter((answer) => answer === 200)).toHaveLength(decisions.length);
      expect(answers.filter((answer) => answer === 409)).toHaveLength(50 - decisions.length);
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(world.timesWritten(line)).toBe(status === 'approved' ? 1 : 0);
    });
  });
}
