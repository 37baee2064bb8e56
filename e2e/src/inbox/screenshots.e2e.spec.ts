import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Office, pageOf } from './office.js';

const images = fileURLToPath(new URL('../../../docs/images', import.meta.url));
/** So that a page is quick to load. */
const largest = 150_000;

/** `SCREENSHOTS=1 npx vitest run --project e2e inbox-screenshots` takes that of the README anew. */
describe('The picture of the README', () => {
  const office = new Office();
  const aside = mkdtempSync(join(tmpdir(), 'countersign-pictures-'));
  const picture = join(process.env['SCREENSHOTS'] ? images : aside, 'inbox.png');
  beforeAll(() => office.open());
  afterAll(async () => {
    await office.close();
    rmSync(aside, { recursive: true });
  });

  it('shows an inbox in use', async () => {
    const deploy = (service_name: string, version: string, reason: string) =>
      office.asked(
        { service_name, version },
        { reason, input: `Deploy the ${service_name} version ${version} to production.` },
      );
    const { client } = office.world;
    await deploy('auth-service', '2.1.0', 'Version 2.1.0 fixes the login page, and staging has run it since Monday.');
    await deploy('search', '3.4.0', 'The new index is built.');
    await office.asked(
      { system: 'billing-database' },
      { tool: 'grant_access', reason: 'Invoice 7731 has to be looked up.', input: 'Let me look up invoice 7731.' },
    );
    await deploy('ledger', '1.9.2', 'The audit needs the new report.');
    const payments = await deploy(
      'payments-api',
      '7.3.1',
      'Refunds fail for cards of one bank. 7.3.1 has the fix, and nothing else.',
    );
    await client.resolve(payments.approval.id, 'approved', 'linus', { note: 'I have read the change.' });

    const page = await office.visit('grace', {
      viewport: { width: 1200, height: 720 },
      path: pageOf(payments.approval),
    });
    await page.locator('.timeline').getByText('The run waits').waitFor();
    await page.locator('.timeline').getByText('linus approved').waitFor();
    await page.screenshot({ path: picture });

    expect(statSync(picture).size).toBeLessThan(largest);
    expect(page.errors).toEqual([]);
  });
});
