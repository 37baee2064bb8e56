import { createECDH, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { Office, pageOf, rowOf, type Visited } from './office.js';
import { manyPending } from '../approvals/many-pending.js';
import { clicked, keepingNotifications, withPush } from './push.js';

/** Milliseconds from frame to frame, while a list is scrolled by a screen every few frames; for `bench/BENCHMARKS.md`. */
const framesWhileScrolling = (page: Visited): Promise<string> =>
  page.evaluate(`new Promise((done) => {
    const list = document.querySelector('.list');
    const frames = [];
    let last = performance.now();
    list.scrollTop = 0;
    const step = (now) => {
      frames.push(now - last);
      last = now;
      list.scrollTop += 40;
      if (frames.length < 600) return requestAnimationFrame(step);
      const sorted = frames.slice(5).sort((a, b) => a - b);
      const at = (part) => sorted[Math.floor(part * (sorted.length - 1))].toFixed(1);
      const late = sorted.filter((each) => each > 25).length;
      done('frames: ' + sorted.length + ', median ' + at(0.5) + ', p99 ' + at(0.99) + ', longest ' + at(1) + ', late ' + late + ', rows ' + list.scrollTop / 84);
    };
    requestAnimationFrame(step);
  })`);

describe('Watching the inbox', () => {
  const office = new Office();
  beforeAll(() => office.open());
  afterAll(() => office.close());

  it('shows what comes and what is decided elsewhere, the most urgent first, then the newest', async () => {
    const page = await office.visit('grace');
    await page.getByText('Nothing waits for a decision').waitFor();
    const urgent = await office.asked(office.deployment('ledger'));
    await rowOf(page, urgent.approval).waitFor();
    const slow = await office.asked(office.deployment('payments'));
    const usual = await office.asked(office.deployment('auth'));
    // What comes while somebody reads waits until they want it, and nothing moves before.
    await page.getByRole('button', { name: '2 new' }).waitFor();
    expect(await page.locator('.row').count()).toBe(1);
    await page.getByRole('button', { name: '2 new' }).click();
    await rowOf(page, usual.approval).waitFor();
    const order = () =>
      page.evaluate<string[]>('[...document.querySelectorAll("[data-approval]")].map((row) => row.dataset.approval)');
    expect((await order())[0]).toBe(urgent.approval.id);
    expect(new Set((await order()).slice(1))).toEqual(new Set([usual.approval.id, slow.approval.id]));
    expect(await rowOf(page, urgent.approval).textContent()).toMatch(/29 min left|30 min left/);
    await eventually('the title to say so', async () => (await page.title()).startsWith('(3) Inbox') || undefined);
    await office.world.client.resolve(usual.approval.id, 'approved', 'linus');
    // A row that somebody points at keeps its place.
    await page.locator('.row.is-gone', { has: rowOf(page, usual.approval) }).waitFor();
    await page.mouse.move(900, 400);
    await rowOf(page, usual.approval).waitFor({ state: 'detached' });
    await page.locator('.list-head').getByText('2 waiting').waitFor();

    await page.locator('summary', { hasText: 'Filters' }).click();
    await page.getByLabel('Status').selectOption('approved');
    await rowOf(page, usual.approval).waitFor();
    await page.getByLabel('Requester').fill('nobody');
    // What comes meanwhile takes nothing from what is being typed.
    await office.world.client.resolve(urgent.approval.id, 'approved', 'linus');
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await page.getByLabel('Requester').press('Enter');
    await page.getByText('Nothing fits these filters').waitFor();
    await office.world.client.resolve(slow.approval.id, 'rejected', 'grace', { note: 'Enough.' });
  });

  it('tells a browser of what waits by a notification that only leads to the page, until its user signs out', async () => {
    const curve = createECDH('prime256v1');
    const keys = { p256dh: curve.generateKeys('base64url'), auth: randomBytes(16).toString('base64url') };
    const page = await office.stranger();
    // This Chromium has neither a push service nor notifications, so these are stood in for.
    await page.addInitScript(withPush, { endpoint: 'https://push.invalid/1', keys });
    await page.goto('/inbox');
    await page.getByLabel('Key').fill(await office.keyOf('grace'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    const begun = page.context().waitForEvent('serviceworker');
    await page.getByRole('button', { name: 'Notify me in this browser', pressed: false }).click();
    await page.getByRole('button', { name: 'Notify me in this browser', pressed: true }).waitFor();
    const worker = await begun;
    const subscriptions = async () =>
      (await (await page.request.get('/push-subscriptions')).json()) as { data: object[] };
    expect((await subscriptions()).data).toMatchObject([{ service: 'push.invalid' }]);
    await worker.evaluate(keepingNotifications);

    const session = await page.context().newCDPSession(page);
    const registered = new Promise<string>((resolve) =>
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [first] }) =>
        first ? resolve(first.registrationId) : undefined,
      ),
    );
    await session.send('ServiceWorker.enable');
    const message = { title: 'Approval needed', body: 'Operations requests', tag: 'a/1', approval_id: '../?x' };
    await session.send('ServiceWorker.deliverPushMessage', {
      origin: office.url,
      registrationId: await registered,
      data: JSON.stringify(message),
    });
    const shown = await eventually('a notification', async () => {
      const all = await worker.evaluate('shown');
      return (all as object[]).length > 0 ? all : undefined;
    });
    // No buttons, and no address but one of the inbox.
    const data = { approval_id: '../?x' };
    expect(shown).toEqual([{ title: message.title, body: message.body, tag: message.tag, data }]);
    expect(await worker.evaluate(clicked, data)).toEqual([`${office.url}/inbox/approvals/..%2F%3Fx`]);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Key').waitFor();
    expect(await page.evaluate('unsubscribed')).toBe(true);
    expect(page.errors).toEqual([]);
  });

  it('says that time is up to whoever looks at that moment', async () => {
    const { approval } = await office.asked(office.deployment('hotfix'));
    const page = await office.visit('grace', { path: pageOf(approval) });
    await page.getByRole('button', { name: 'Reject' }).waitFor();
    // The run's timeline can say so before the approval does.
    await page.locator('.decided').getByText('No decision in time').waitFor();
    expect(await page.getByRole('button', { name: 'Reject' }).count()).toBe(0);
    expect(await office.status(approval)).toBe('expired');
  });

  it('survives a restart of the server without being loaded again', async () => {
    const before = await office.asked(office.deployment('auth'));
    const page = await office.visit('grace');
    await rowOf(page, before.approval).waitFor();
    await page.evaluate('globalThis.loadedOnce = true');
    await office.world.stack.stop();
    await page.getByText('The server is out of reach.').waitFor();
    await office.world.stack.start();
    await office.world.client.resolve(before.approval.id, 'approved', 'linus');
    const after = await office.asked(office.deployment('auth'));
    await rowOf(page, before.approval).waitFor({ state: 'detached' });
    await rowOf(page, after.approval).waitFor();
    await page.getByText('The server is out of reach.').waitFor({ state: 'detached' });
    await rowOf(page, after.approval).click();
    await page.getByRole('button', { name: /^Approve: / }).click();
    await page.getByText('Approved by grace').waitFor();
    expect(await page.evaluate('globalThis.loadedOnce')).toBe(true);
  });

  it('has room on a narrow screen, however long the names are', async () => {
    const { approval } = await office.asked({ service_name: `auth-${'a'.repeat(120)}`, version: '2.1.0' });
    const page = await office.visit('grace', { viewport: { width: 390, height: 844 }, hasTouch: true });
    const fits = async () => {
      const widths =
        '[document.documentElement, ...document.querySelectorAll("main, main section")].map((each) => each.scrollWidth)';
      expect(Math.max(...(await page.evaluate<number[]>(widths)))).toBeLessThanOrEqual(390);
    };
    await rowOf(page, approval).tap();
    await page.getByRole('heading', { name: 'deploy_to_production' }).waitFor();
    expect(await rowOf(page, approval).isVisible()).toBe(false);
    await fits();
    await page.getByRole('button', { name: /^Approve: / }).tap();
    await page.getByText('Approved by grace').waitFor();
    await page.getByRole('button', { name: '← All approvals' }).tap();
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    const contents = {
      Runs: '.records td',
      Executions: '.records td',
      Grants: '.empty',
      Overview: '.tile td',
      Events: '.events summary',
      'Dead letters': '.empty',
    };
    for (const [section, content] of Object.entries(contents)) {
      await page.getByRole('button', { name: 'Menu' }).tap();
      await page.getByRole('link', { name: section, exact: true }).tap();
      await page.getByRole('heading', { name: section, level: 1 }).waitFor();
      await page.locator(content).first().waitFor();
      await fits();
    }
    expect(page.errors).toEqual([]);
  });

  it('is as quick with ten thousand that wait: it draws what is seen and reads what is got to', async () => {
    const count = 10_000;
    const { stack, client, definitions } = office.world;
    const many = await manyPending(count, definitions, join(stack.dir, 'data'));
    await stack.withBus((bus) => bus.publish(many));
    await eventually('all to be pending', async () => (await client.approvals.countPending()) === count || undefined, {
      ms: 60_000,
      every: 500,
    });
    const page = await office.visit('grace');
    await page.locator('.list-head').getByText('10,000 waiting').waitFor();
    const rows = () => page.locator('.row').count();
    await page.locator('.row').first().waitFor();
    expect(await rows()).toBeLessThan(60);
    const length = async () => Number(await page.locator('.row').first().getAttribute('aria-setsize'));
    expect(await length()).toBeLessThan(count);
    for (const enough of [201, 401]) {
      await eventually(`row ${enough} to be there`, async () => {
        await page.evaluate('document.querySelector(".list").scrollTo(0, 1e9)');
        return (await length()) >= enough || undefined;
      });
      expect(await rows()).toBeLessThan(60);
    }
    if (process.env['FRAMES']) console.log(await framesWhileScrolling(page));
    await page.getByLabel('Search approvals').fill('service-7777');
    await page.locator('.list-head').getByText('1 waiting').waitFor();
    await page.locator('.row a').first().click();
    await page.locator('.arguments').getByText('service-7777').waitFor();
  });
});
