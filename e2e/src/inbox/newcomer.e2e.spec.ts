import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Browsers } from './browser.js';
import { proxyTo } from './proxy.js';
import { startChild, type Child } from '../world/child.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-newcomer-'));
const deployments = join(dir, 'deployments');
const browsers = new Browsers();
let child: Child;

beforeAll(async () => {
  const env = { DATA_DIR: join(dir, 'data'), DEPLOY_TARGET_DIR: deployments };
  [child] = await Promise.all([startChild({ app: 'standalone', env, args: [] }), browsers.open()]);
});
afterAll(async () => {
  await Promise.all([browsers.close(), child?.kill()]);
  rmSync(dir, { recursive: true, force: true });
});

it('a newcomer follows the link that npm start prints, approves what waits there, and watches it finish', async () => {
  const page = await browsers.page();
  await page.goto(/http:\S+\/auth\/sign-in\?code=\S+/.exec(child.output())![0]);
  await page.locator('.row a').click();
  await page.getByTitle('recomputed from the arguments shown here').waitFor();
  expect(existsSync(deployments)).toBe(false);
  await page.getByRole('button', { name: /^Approve: / }).click();
  await page.getByText('Approved by admin').waitFor();
  await page.getByText('The run is complete').waitFor();
  expect(existsSync(deployments)).toBe(true);
  expect(page.errors).toEqual([]);
});

it('a proxy may have it under a path: signing in, a link to an approval, deciding, and what follows live', async () => {
  const proxy = await proxyTo(child.url, '/ops/countersign');
  const outside: string[] = [];
  try {
    const page = await browsers.page();
    page.on('request', (request) => {
      if (!request.url().startsWith(`${proxy.url}/`)) outside.push(request.url());
    });
    await page.goto(`${proxy.url}/auth/sign-in?code=${'x'.repeat(43)}`);
    await page.getByText('This link was used or has expired.').waitFor();
    expect(page.url()).toBe(`${proxy.url}/?link=refused`);
    await page.getByLabel('Key').fill(readFileSync(join(dir, 'data', 'admin.key'), 'utf8'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.getByRole('button', { name: 'Start a run' }).click();
    await page.getByLabel('What is it to do?').fill('Deploy the billing-service version 1.2.3 to production.');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const address = await page.locator('a[href*="/inbox/approvals/"]').first().getAttribute('href');
    await page.goto(address!);
    await page.getByRole('button', { name: /^Approve: / }).click();
    await page.getByText('Approved by admin').waitFor();
    await page.getByText('The run is complete').waitFor();
    await page.reload();
    await page.getByText('Approved by admin').waitFor();
    await page.goBack();
    await page.getByText('The run is complete').waitFor();
    expect({ errors: page.errors, outside }).toEqual({ errors: [], outside: [] });
  } finally {
    proxy.close();
  }
});
