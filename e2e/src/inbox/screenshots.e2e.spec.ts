import type { Approval } from '@countersign/contracts/approvals';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChild, type Child } from '../world/child.js';
import { adminKey } from '../world/credentials.js';
import { Browsers } from './browser.js';
import { barriersOn, pageOf } from './office.js';

const images = fileURLToPath(new URL('../../../docs/images', import.meta.url));
/** So that a page is quick to load. */
const largest = 200_000;

const looks = [
  { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;

/** `SCREENSHOTS=1 npx vitest run --project e2e inbox/screenshots` takes the pictures of the docs anew. */
describe('The showcase', () => {
  const browsers = new Browsers();
  const aside = mkdtempSync(join(tmpdir(), 'countersign-pictures-'));
  const picture = (name: string) => join(process.env['SCREENSHOTS'] ? images : aside, name);
  let server: Child;
  let approvals: Approval[];
  beforeAll(async () => {
    [server] = await Promise.all([
      startChild({ app: 'standalone', args: ['--showcase'], env: { DATA_DIR: join(aside, 'data') } }),
      browsers.open(),
    ]);
    const answer = await fetch(`${server.url}/approvals?status=pending&limit=100`, {
      headers: { authorization: `Bearer ${adminKey}` },
    });
    approvals = ((await answer.json()) as { data: Approval[] }).data;
  });
  afterAll(async () => {
    await browsers.close();
    await server?.stop();
    rmSync(aside, { recursive: true, force: true, maxRetries: 10 });
  });

  const ofTool = (name: string): Approval => approvals.find(({ tool_name }) => tool_name === name)!;
  const visit = async (path: string, options: Parameters<Browsers['page']>[0]) => {
    const page = await browsers.page({ baseURL: server.url, ...options });
    expect((await page.request.post('/auth/sign-in', { data: { key: adminKey } })).status()).toBe(200);
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  };

  it('is what the pictures of the docs show', async () => {
    const payments = approvals.find(({ tool_args }) => tool_args['service'] === 'payments-api')!;
    const pages = { 'inbox.png': payments, 'script.png': ofTool('run_script') };
    for (const [name, approval] of Object.entries(pages)) {
      const page = await visit(pageOf(approval), { viewport: { width: 1200, height: 720 } });
      await page.getByRole('button', { name: /^Approve: / }).waitFor();
      await page.screenshot({ path: picture(name) });
      expect(statSync(picture(name)).size).toBeLessThan(largest);
      expect(page.errors).toEqual([]);
    }
  });

  it.each(looks)('has no barriers, whatever a call is: $colorScheme, $viewport.width', async (look) => {
    const page = await visit('/inbox', look);
    for (const tool of ['deploy', 'apply_patch', 'call_api', 'send_message']) {
      await page.goto(pageOf(ofTool(tool)));
      await page.getByRole('button', { name: /^Approve: / }).waitFor();
      expect(await barriersOn(page), tool).toEqual([]);
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(width, tool).toBeLessThanOrEqual(look.viewport.width);
    }
    await page.goto(`/inbox/runs/${ofTool('restart_service').run_id}`);
    await page.locator('.run-calls').waitFor();
    expect(await barriersOn(page), 'a run of twelve calls').toEqual([]);
  });

  it('keeps what is decided in view, and approves no script whose end was not', async () => {
    const page = await visit(pageOf(ofTool('run_script')), { viewport: { width: 390, height: 700 } });
    const approve = page.getByRole('button', { name: 'Approve: Run a script on db-3.eu.example.com' });
    await approve.waitFor();
    const bottom = async () => (await approve.boundingBox())!.y + (await approve.boundingBox())!.height;
    expect(await bottom()).toBeLessThanOrEqual(700);
    await page.getByLabel('Decision').getByText('high risk').waitFor();
    await page.locator('.code-line .token-string').first().waitFor();
    expect(await page.locator('.end-of-call').getAttribute('data-seen')).toBe('false');
    await approve.click();
    await page.getByLabel('Decision').locator('.note').waitFor();
    await page.locator('.end-of-call[data-seen="true"]').waitFor();
    expect(await bottom()).toBeLessThanOrEqual(700);
    const answer = await page.request.get(`/approvals/${ofTool('run_script').id}`);
    expect(await answer.json()).toMatchObject({ status: 'pending' });
  });

  it('asks for the target of a critical call before anything is sent', async () => {
    const restart = approvals.find(({ tool_args }) => tool_args['region'] === 'af-south-1')!;
    const page = await visit(pageOf(restart), {});
    const approve = page.getByRole('button', { name: 'Approve: Restart edge-cache in af-south-1 (on production)' });
    await approve.click();
    await page.getByText('This call is critical: type production to approve it.').waitFor();
    await page.getByLabel('Type production to approve').fill('Production');
    await approve.click();
    await page.getByText('This call is critical').waitFor();
    await page.getByLabel('Type production to approve').fill('production');
    await approve.click();
    await page.getByText('Approved by admin').waitFor();
    expect(page.errors).toEqual([]);
  });
});
