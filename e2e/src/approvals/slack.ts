import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { pausedLine } from '../runs/line-run.js';
import type { Slack, SlackMessage } from '../world/slack.js';
import type { World } from '../world/world.js';

/** What a button is about. */
const approvalOf = (value: string) => (JSON.parse(value) as { approval_id: string }).approval_id;

/** People who decide where they talk. */
export function slackScenarios(world: World, slack: () => Slack): void {
  describe('in Slack', () => {
    const receiver = () => `${world.client.origins.approvals}/channels/chat/slack`;
    /** A message is about whatever its buttons were about when it had them. */
    const subjects = new Map<string, string>();
    const messageAbout = (approvalId: string, isSo: (message: SlackMessage) => boolean = () => true) =>
      eventually('the message', async () => {
        for (const { ts, buttons } of slack().messages())
          for (const { value } of buttons) subjects.set(ts, approvalOf(value));
        return slack()
          .messages()
          .find((message) => subjects.get(message.ts) === approvalId && isSo(message));
      });

    it('a button decides as whoever the user is here, and gives way to the outcome', async () => {
      const { run, approval, line } = await pausedLine(world, 'ordinary');
      const { buttons } = await messageAbout(approval.id);
      const approve = buttons.find(({ action_id }) => action_id === 'approve')!;
      expect(await slack().press(receiver(), approve, 'U1', 'not the secret')).toBe(401);
      expect(await slack().press(receiver(), approve, 'U2')).toBe(200);
      expect(slack().told.at(-1)).toContain('U2');
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending', decisions: [] });

      expect(await slack().press(receiver(), approve, 'U1')).toBe(200);
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'approved', resolved_by: 'sally' });
      expect(world.timesWritten(line)).toBe(1);
      await messageAbout(approval.id, ({ buttons }) => buttons.length === 0);

      const before = slack().told.length;
      expect(await slack().press(receiver(), approve, 'U1')).toBe(200);
      expect(slack().told.slice(before)).toEqual([expect.stringContaining('already resolved')]);
    });

    it('a call that a message cannot show whole is decided in the inbox, whatever is sent in the name of a button', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary', {}, `ordinary ${'x'.repeat(4_000)} production`);
      const message = await eventually('the message', async () =>
        slack()
          .messages()
          .find(({ all }) => all.includes(approval.id)),
      );
      expect(message.buttons).toEqual([]);
      expect(message.all).toContain('This is not all of the call. Open it in the inbox to decide.');
      const value = JSON.stringify({ approval_id: approval.id, digest: approval.digest });
      for (const action_id of ['approve', 'reject']) {
        expect(await slack().press(receiver(), { action_id, value }, 'U1')).toBe(200);
        expect(slack().told.at(-1)).toMatch(/^Nothing was decided: a message here cannot show all of this call/);
      }
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending', decisions: [] });
      await world.client.resolve(approval.id, 'rejected', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    });

    it('a button decides the call that its message shows, and no other', async () => {
      const { run, approval } = await pausedLine(world, 'ordinary');
      await messageAbout(approval.id);
      const value = JSON.stringify({ approval_id: approval.id, digest: `sha256:${'0'.repeat(64)}` });
      expect(await slack().press(receiver(), { action_id: 'approve', value }, 'U1')).toBe(200);
      expect(slack().told.at(-1)).toContain('the call has changed since this message');
      expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending' });
      await world.client.resolve(approval.id, 'rejected', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    });
  });
}
