import type { Approval } from '@countersign/contracts/approvals';
import { systemClock, toEpochSeconds } from '@countersign/contracts/time';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { barriersOn, focusIsOn, Office, pageOf } from './office.js';

const looks = [
  { name: 'in light', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'in dark', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { name: 'on a narrow screen', colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const;

describe('axe finds nothing', () => {
  const office = new Office();
  let pending: Approval;
  let decided: Approval;
  let asking: Approval;
  beforeAll(async () => {
    await office.open();
    pending = (await office.asked({ service_name: 'search-\u202e1', version: '2.1.0' })).approval;
    asking = (await office.asked({ system: 'billing' }, { tool: 'grant_access' })).approval;
    const done = await office.asked(office.deployment('ledger'));
    await office.world.client.resolve(done.approval.id, 'approved', 'linus', { note: 'Go.' });
    await office.world.ended(done.run.run_id);
    decided = done.approval;
    const headers = { authorization: `Bearer ${await office.keyOf('linus')}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ deputy: 'grace', ends_at: toEpochSeconds(systemClock()) + 3_600 });
    expect((await fetch(`${office.url}/delegations`, { method: 'POST', headers, body })).ok).toBe(true);
  });
  afterAll(() => office.close());

  it.each(looks)('$name', async ({ name: _name, ...look }) => {
    const stranger = await office.stranger(look);
    await stranger.goto('/inbox');
    await stranger.getByLabel('Key').waitFor();
    expect(await barriersOn(stranger), 'sign in').toEqual([]);

    const page = await office.visit('root', { ...look, access: { roles: ['admin'] } });
    await page.locator('.row').first().waitFor();
    expect(await barriersOn(page), 'list').toEqual([]);
    const pages = [pageOf(pending), pageOf(asking), pageOf(decided)].concat(
      ['runs', `runs/${decided.run_id}`, 'executions', `executions/${decided.id}`, 'grants', 'deputies', 'rules'].map(
        (path) => `/inbox/${path}`,
      ),
      ['overview', 'events', 'dead-letters', 'deliveries', 'nowhere'].map((path) => `/inbox/${path}`),
    );
    for (const path of pages) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page
        .locator('table, .empty, .step, .tiles, .events, .attempts, .rules-trial')
        .locator('visible=true')
        .first()
        .waitFor();
      expect(await barriersOn(page), path).toEqual([]);
    }

    await page.goto(pageOf(pending));
    await page.getByRole('button', { name: 'Edit the arguments' }).click();
    await focusIsOn(page, 'tagName === "INPUT"');
    await page.getByLabel('Reason').press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await barriersOn(page), 'help and an edit').toEqual([]);
    await page.goto('/inbox/runs?start');
    await page.getByRole('combobox', { name: 'Agent' }).waitFor();
    expect(await barriersOn(page), 'start a run').toEqual([]);
  });
});
