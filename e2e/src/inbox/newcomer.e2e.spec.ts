import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Browsers } from './browser.js';
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
