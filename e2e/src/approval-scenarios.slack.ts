import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { pausedLine } from './line-run.js';
import type { Slack, SlackMessage } from './slack.js';
import type { World } from './world.js';

/** People who decide where they talk. */
export function slackScenarios(world: World, slack: () => Slack): void {
  describe('in Slack', () => {
    const receiver = () => `${world.client.origins.approvals}/channels/chat/slack`;
    /** A message is about whatever its buttons were about when it had them. */
    const subjects = new Map<string, string>();
    const messageAbout = (approvalId: string, isSo: (message: SlackMessage) => boolean = () => true) =>
      eventually('the message', async () => {
        for (const { ts, buttons } of slack().messages()) for (const { value } of buttons) subjects.set(ts, value);
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
      expect(await world.client.approval(approval.id)).toMatchObject({ status: 'pending', decisions: [] });

      expect(await slack().press(receiver(), approve, 'U1')).toBe(200);
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(await world.client.approval(approval.id)).toMatchObject({ status: 'approved', resolved_by: 'sally' });
      expect(world.timesWritten(line)).toBe(1);
      await messageAbout(approval.id, ({ buttons }) => buttons.length === 0);

      const before = slack().told.length;
      expect(await slack().press(receiver(), approve, 'U1')).toBe(200);
      expect(slack().told.slice(before)).toEqual([expect.stringContaining('already resolved')]);
    });
  });
}
