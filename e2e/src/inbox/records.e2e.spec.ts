import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { Office, pageOf } from './office.js';
import { forgedResult } from '../world/poison.js';
import { call, wants } from '../runs/model-plans.js';

const admin = { access: { roles: ['admin' as const] } };

describe('The records in the inbox', () => {
  const office = new Office();
  beforeAll(() => office.open());
  afterAll(() => office.close());
  const execution = async (id: string) =>
    (await office.world.client.executions.list()).data.find((each) => each.id === id);
  const becomes = (id: string, status: string) =>
    eventually(`execution ${id} to be ${status}`, async () => (await execution(id))?.status === status || undefined);

  it('begin with a run that somebody starts, which may ask them something', async () => {
    const page = await office.visit('ada', { path: '/inbox/runs', ...admin });
    await page.getByText('No runs yet').waitFor();
    const question = { question: 'Which size?' };
    const input = office.world.plans.plan('Ask the customer', wants(call('ask_customer', question)));
    await page.getByRole('button', { name: 'Start a run' }).click();
    await page.getByLabel('What is it to do?').fill(input);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('heading', { name: 'ask_customer waits for you' }).waitFor();
    await page.getByLabel('answer').fill('Large.');
    await page.getByRole('button', { name: 'Answer' }).click();
    await page.getByText('The run is complete').waitFor();
    expect(page.errors).toEqual([]);
  });

  it('let a person settle an outcome that nobody saw, and the run goes on with it', async () => {
    const gate = office.world.gate();
    const { run, approval } = await office.asked({ ...office.deployment('auth'), until: gate.path });
    await office.world.client.resolve(approval.id, 'approved', 'grace');
    await becomes(approval.id, 'running');
    await office.world.stack.kill('executor');
    await office.world.stack.start();
    await becomes(approval.id, 'outcome_unknown');
    gate.open();
    const page = await office.visit('root', { path: '/inbox/executions', ...admin });
    const attention = page.getByRole('region', { name: 'Outcome unknown' });
    await attention.getByRole('link', { name: 'deploy_to_production' }).click();
    await page.getByLabel('It was done', { exact: true }).check();
    await page.getByLabel('What did you find, and how?').fill('The new version answers.');
    await page.getByRole('button', { name: 'Record it' }).click();
    await page.getByText('succeeded').first().waitFor();
    expect(await execution(approval.id)).toMatchObject({ status: 'succeeded', note: 'The new version answers.' });
    expect(await office.world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    await page.getByRole('link', { name: 'this run' }).click();
    await page.getByText(/^root says that deploy_to_production .* was done/).waitFor();
  });

  it('let a person report what was done by hand', async () => {
    const { run, approval } = await office.asked({ machine: 'press-1' }, { tool: 'restart_by_hand' });
    const page = await office.visit('root', { path: pageOf(approval), ...admin });
    await page.getByRole('button', { name: /^Approve: / }).click();
    await page.getByText('Approved by root').waitFor();
    await becomes(approval.id, 'awaiting_report');
    await page.goto('/inbox/executions');
    await page.getByRole('region', { name: 'For a person to do' }).getByRole('link').click();
    await page.getByLabel('It could not be done').check();
    await page.getByLabel('Result').fill('The button is broken.');
    await page.getByRole('button', { name: 'Record it' }).click();
    await becomes(approval.id, 'failed');
    expect(await office.world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
  });

  it('hold calls back, and let them go on', async () => {
    const page = await office.visit('root', { path: '/inbox/executions', ...admin });
    await page.getByText('Hold calls back').click();
    await page.getByLabel('Reason').fill('Christmas.');
    await page.getByRole('button', { name: 'Hold back' }).click();
    await page.getByText('All calls are held back').waitFor();
    const { run, approval } = await office.asked(office.deployment('auth'));
    await office.world.client.resolve(approval.id, 'approved', 'grace');
    await becomes(approval.id, 'queued');
    await page.getByRole('button', { name: 'Let them go on' }).click();
    await becomes(approval.id, 'succeeded');
    await page.getByText('All calls are held back').waitFor({ state: 'detached' });
    await office.world.ended(run.run_id);
    await page.goto(`/inbox/runs/${run.run_id}`);
    await page.getByText('Verify the record of this run').click();
    const verified = async (key: string, says: string | RegExp, timeout: number) => {
      await page.getByLabel('Key of the record').fill(key);
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.getByText(says).first().waitFor({ timeout });
      return true;
    };
    await verified('no key', 'not a verifier key', 30_000);
    // The record learns of things a moment later, so it is looked at again.
    const { key } = await office.world.client.audit.key();
    const holds = /asked for by .*, approved by grace, succeeded/;
    await eventually('the record to hold', () => verified(key, holds, 1_000).catch(() => false));
    expect(page.errors).toEqual([]);
  });

  it('are events, as they are published', async () => {
    const page = await office.visit('vera', { path: '/inbox/events', access: { roles: ['viewer'] } });
    await page.locator('.events').getByText('run.completed').first().waitFor();
    const { run, approval } = await office.asked(office.deployment('auth'));
    await page.goto(`/inbox/events?run_id=${run.run_id}`);
    await page.locator('.events').getByText('approval.created').waitFor();
    await office.world.client.resolve(approval.id, 'rejected', 'grace');
    await page.locator('.events').getByText('run.completed').waitFor();
    await page.getByLabel('Event').selectOption('approval.resolved');
    await page.locator('.events li').nth(1).waitFor({ state: 'detached' });
    await page.locator('.events summary').click();
    await page.locator('.events pre').getByText('"status": "rejected"').waitFor();
  });

  it('are messages that could not be handled, to be handed over again or let go', async () => {
    await office.world.stack.withBus((bus) => bus.publish([forgedResult('poison')]));
    await eventually('the dead letter', async () => (await office.world.client.letters()).length > 0 || undefined);
    const page = await office.visit('root', { path: '/inbox/dead-letters', ...admin });
    await page.getByRole('link', { name: 'tool.execution_completed' }).click();
    await page.locator('pre').getByText('deploy_to_production').last().waitFor();
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('root has replayed it').waitFor();
    await page.getByRole('link', { name: 'All dead letters' }).click();
    await page.getByRole('row', { name: 'open' }).getByRole('link').click();
    await page.getByRole('region', { name: 'Discard' }).getByLabel('Note').fill('Nobody needs it.');
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByText('root has discarded it: Nobody needs it.').waitFor();
  });

  it('make an overview', async () => {
    const page = await office.visit('vera', { path: '/inbox/overview', access: { roles: ['viewer'] } });
    await page.getByText('is the median').waitFor();
    await page.getByRole('region', { name: 'Outcomes' }).getByText('done', { exact: true }).waitFor();
    expect(page.errors).toEqual([]);
  });
});
