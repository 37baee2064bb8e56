import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Office, showsOutput } from './office.js';
import { call, text, wants } from '../runs/model-plans.js';
import type { MakeStack } from '../world/world.js';

/** Where each service is a process of its own, people need to know but one address. */
export function describeInbox(name: string, makeStack: MakeStack): void {
  describe(`The inbox on ${name}`, () => {
    const office = new Office(makeStack);
    beforeAll(() => office.open(), 120_000);
    afterAll(() => office.close());

    it('starts a run, decides, and shows it to its end, whichever service knows', async () => {
      const deployment = office.deployment('auth');
      const input = office.world.plans.plan(
        'Deploy',
        wants(text('It is time.'), call('deploy_to_production', deployment)),
      );
      const roles = { access: { roles: ['requester' as const] } };
      const ada = await office.visit('ada', { path: '/inbox/runs?start', ...roles });
      await ada.getByLabel('What is it to do?').fill(input);
      await ada.getByRole('button', { name: 'Start', exact: true }).click();
      await ada.getByText(/^deploy_to_production .* needs an approval$/).waitFor();

      const grace = await office.visit('grace');
      await grace.locator('.row a').first().click();
      await grace.getByRole('button', { name: /^Approve: / }).click();
      await grace.getByText('Approved by grace').waitFor();
      for (const page of [ada, grace]) {
        await page.getByText('The run is complete').waitFor();
        await page.locator('.output').getByText(`wrote ${deployment.service_name} 2.1.0`).waitFor();
        expect(page.errors).toEqual([]);
      }
      await grace.goto('/inbox/executions');
      await grace.getByRole('link', { name: 'deploy_to_production' }).waitFor();
      const [run] = (await office.world.client.runs.list({ user_id: 'ada' })).data;
      await grace.goto(`/inbox/events?run_id=${run!.run_id}`);
      await grace.locator('.events').getByText('run.completed').waitFor();
    });

    it('shows what a call prints, each line once, also while the service that tells of it restarts', async () => {
      const { stack } = office.world;
      const { run, approval, say } = await office.printing('one');
      const page = await office.visit('grace', { path: `/inbox/executions/${approval.id}` });
      await showsOutput(page, 'one');
      await stack.stop('agent-runner');
      say('two');
      await showsOutput(page, 'one', 'two');
      const isFollowedAgain = page.waitForResponse((answer) => answer.url().endsWith('/events') && answer.ok());
      await stack.start();
      await isFollowedAgain;
      say('three', '::progress 75 nearly');
      await page.getByText('nearly').waitFor();
      await showsOutput(page, 'one', 'two', 'three');
      say('four', 'end');
      await showsOutput(page, 'one', 'two', 'three', 'four');
      await office.world.ended(run.run_id);
      await page.reload();
      await showsOutput(page, 'one', 'two', 'three', 'four');
      expect(page.errors).toEqual([]);
    });
  });
}
