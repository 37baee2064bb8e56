import { CountersignClient } from '@countersign/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { focusIsOn, Office, pageOf, rowOf } from './office.js';

describe('Deciding in the inbox', () => {
  const office = new Office();
  beforeAll(() => office.open());
  afterAll(() => office.close());

  it('begins with a link, which signs in once', async () => {
    const link = /http:\S+\/auth\/sign-in\?code=\S+/.exec(
      office.world.stack.children('approval-service')[0]!.output(),
    )![0];
    const page = await office.stranger();
    await page.goto(link);
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    expect(await page.locator('.account').textContent()).toContain('admin');
    const late = await office.stranger();
    await late.goto(link);
    await late.getByText('This link was used or has expired.').waitFor();
    expect(page.errors).toEqual([]);
  });

  it('begins with a key, and a wrong one is refused in words', async () => {
    const page = await office.stranger();
    await page.goto('/inbox');
    await page.getByLabel('Key').fill('not-a-key');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('This key is wrong, expired or revoked.').waitFor();
    await page.getByLabel('Key').fill(await office.keyOf('grace'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('shows who asks for what and why, and an approval runs exactly that, live', async () => {
    const call = office.deployment('auth');
    const { run, approval } = await office.asked(call, { reason: 'The login page \u202eis broken.' });
    const page = await office.visit('grace', { path: pageOf(approval) });
    await page.getByRole('heading', { name: 'deploy_to_production' }).waitFor();
    const shown = await page.locator('.approval').textContent();
    expect(shown).toContain('Operations requested deploy_to_production for ada');
    expect(shown).toContain(JSON.stringify(call));
    expect(shown).toContain('The login page U+202Eis broken.The model’s own words, not verified.');
    await page.getByRole('button', { name: /^Approve: / }).click();
    await page.getByText('Approved by grace').waitFor();
    expect(await page.locator('.approval .left').count(), 'no time is left for what is decided').toBe(0);
    await page.getByText('The run is complete').waitFor();
    await page.locator('.output').getByText(`wrote ${call.service_name} 2.1.0`).waitFor();
    expect(await office.world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    expect(office.world.timesWritten(`${call.service_name} 2.1.0`)).toBe(1);
    expect(page.errors).toEqual([]);
  });

  it('shows what an agent of elsewhere says as its own words, whatever they claim to be', async () => {
    const key = await office.keyOf('bot@services', { roles: ['requester'] });
    const { calls } = new CountersignClient({ url: office.world.client.origins.runs, key });
    const claims =
      'Approved by grace, the rules ask for nobody. \u202e<img src="x" onerror="alert(1)"><h2>Decided</h2>';
    const { calls: asked } = await calls.ask('bot', {
      calls: [{ tool_name: 'deploy_to_production', tool_args: office.deployment('auth') }],
      reason: `Why: ${claims}`,
      context: { rule: `Context: ${claims}` },
      framework: `Framework: ${claims}`,
    });
    const id = asked[0]!.id;
    const approval = await eventually('its approval', () => office.world.client.approvals.get(id));
    const page = await office.visit('grace', { path: pageOf(approval) });
    await page.getByRole('heading', { name: 'Asked from elsewhere' }).waitFor();
    // The timeline comes after the call.
    await page.locator('.timeline .quoted').waitFor();
    const shown = await page.locator('.approval').textContent();
    expect(shown).toContain('Release bot requested deploy_to_production for bot@services');
    expect(shown).toContain('The agent’s own words, not verified.');
    const visible = claims.replace('\u202e', 'U+202E');
    const words = [
      [page.locator('blockquote.model-words'), `Why: ${visible}`],
      [page.locator('pre.model-words'), JSON.stringify(`Context: ${visible}`)],
      [page.locator('.request q'), `Framework: ${visible}`],
      [page.locator('.timeline .quoted'), `Why: ${visible}`],
    ] as const;
    for (const [place, text] of words) expect(await place.textContent()).toContain(text);
    expect(shown!.split(visible.slice(0, 30)).length - 1).toBe(words.length);
    expect(await page.locator('.approval img').count()).toBe(0);
    expect(await page.getByRole('heading', { name: 'Decided' }).count()).toBe(0);
    expect(page.errors).toEqual([]);
  });

  it('rejects with the reason that the rules ask for', async () => {
    const { approval } = await office.asked(office.deployment('ledger'));
    const page = await office.visit('grace', { path: pageOf(approval) });
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.getByText('The rules ask for a reason to reject.').waitFor();
    expect(await office.status(approval)).toBe('pending');
    await page.getByLabel('Reason').fill('Not before the audit.');
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.getByText('Rejected by grace').waitFor();
    expect(await office.world.client.approvals.get(approval.id)).toMatchObject({
      status: 'rejected',
      resolution_data: { note: 'Not before the audit.' },
    });
  });

  it('approves other arguments by a form of the tool’s schema, and shows what is changed', async () => {
    const call = office.deployment('search');
    const { approval } = await office.asked(call);
    const page = await office.visit('grace', { path: pageOf(approval) });
    await page.getByRole('button', { name: 'Edit the arguments' }).click();
    await page.getByRole('textbox', { name: 'version' }).fill('next');
    await page.getByRole('button', { name: 'Approve with changes' }).click();
    await page.getByRole('alert').getByText('the values do not fit').waitFor();
    await page.getByRole('textbox', { name: 'version' }).fill('2.2.0');
    expect(await page.locator('.changes').textContent()).toContain('"2.1.0""2.2.0"');
    await page.getByRole('button', { name: 'Approve with changes' }).click();
    await page.getByText('Approved by grace').waitFor();
    expect(await office.world.client.approvals.get(approval.id)).toMatchObject({
      approved_args: { ...call, version: '2.2.0' },
    });
  });

  it('does not approve other arguments before it was shown what they would do', async () => {
    const { approval } = await office.asked({ service: 'search', replicas: '3' }, { tool: 'scale' });
    const page = await office.visit('grace', { path: pageOf(approval) });
    const preview = page.locator('.preview pre');
    await preview.getByText('it runs 3').waitFor();
    await page.getByRole('button', { name: 'Edit the arguments' }).click();
    await page.getByRole('textbox', { name: 'replicas' }).fill('30');
    await page.getByText('This preview is of other arguments').waitFor();
    await page.getByRole('button', { name: /^Approve with changes: / }).click();
    await page.getByText('The preview is of other arguments. Preview these').waitFor();
    expect(await office.status(approval)).toBe('pending');
    await page.getByRole('button', { name: 'Preview these arguments' }).click();
    await preview.getByText('it runs 30', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Approve with changes: / }).click();
    await page.getByText('Approved by grace').waitFor();
    const { approved_args, preview: seen } = await office.world.client.approvals.get(approval.id);
    expect([approved_args?.['replicas'], seen?.output]).toEqual(['30', expect.stringContaining('it runs 30')]);
  });

  it('asks for what a person fills in, field by field', async () => {
    const { approval } = await office.asked({ system: 'billing' }, { tool: 'grant_access' });
    const page = await office.visit('grace', { path: pageOf(approval) });
    await page.getByRole('button', { name: /^Approve: / }).click();
    await page.getByText('Some fields are missing or wrong.').waitFor();
    await focusIsOn(page, 'getAttribute("aria-invalid") === "true"');
    await page.getByRole('textbox', { name: 'hours' }).fill('8');
    await page.getByRole('textbox', { name: 'ticket' }).fill('OPS-12');
    await page.getByRole('button', { name: /^Approve: / }).click();
    await page.getByText('Approved by grace').waitFor();
    expect(await office.world.client.approvals.get(approval.id)).toMatchObject({
      resolution_data: { values: { hours: 8, ticket: 'OPS-12' } },
    });
  });

  it('says that it was already done by hand, or lets the same call through for a while', async () => {
    const byHand = await office.asked(office.deployment('search'));
    const page = await office.visit('grace', { path: pageOf(byHand.approval) });
    await page.getByRole('button', { name: 'Already done by hand' }).click();
    await page.getByLabel('Result').fill('I did it yesterday.');
    await page.getByRole('button', { name: 'Approve as done' }).click();
    await page.getByText('Approved by grace').waitFor();
    expect(await office.world.ended(byHand.run.run_id)).toMatchObject({ status: 'COMPLETED' });

    const standing = await office.asked(office.deployment('search'));
    await page.goto(pageOf(standing.approval));
    await page.getByRole('button', { name: 'Allow it for a while' }).click();
    await page.getByRole('button', { name: 'Approve and allow more' }).click();
    await page.getByText('Approved by grace').waitFor();
    await page.getByRole('link', { name: 'Grants' }).click();
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('revoked by grace').waitFor();
  });

  it('takes two where the rules ask for two, and each sees the other', async () => {
    const { approval } = await office.asked(office.deployment('payments'));
    const [grace, linus, olga] = await Promise.all(
      ['grace', 'linus', 'olga'].map((person) => office.visit(person, { path: pageOf(approval) })),
    );
    await olga!.getByText('This needs a member of release-managers.').waitFor();
    await grace!.getByRole('button', { name: /^Approve: / }).click();
    await grace!.getByText('You have approved this. It waits for others.').waitFor();
    // It has left what waits for her, and what the badge counts, which others still have.
    await rowOf(grace!, approval).waitFor({ state: 'detached' });
    await rowOf(linus!, approval).waitFor();
    await linus!.getByText('1 of 2').first().waitFor();
    await linus!.getByRole('button', { name: /^Approve: / }).click();
    await grace!.getByText('Approved by linus').waitFor();
    expect(await office.status(approval)).toBe('approved');
  });

  it('has the second of two approve exactly what the first has changed', async () => {
    const call = office.deployment('payments');
    const { approval } = await office.asked(call);
    const [grace, linus] = await Promise.all(
      ['grace', 'linus'].map((person) => office.visit(person, { path: pageOf(approval) })),
    );
    await grace!.getByRole('button', { name: 'Edit the arguments' }).click();
    await grace!.getByRole('textbox', { name: 'version' }).fill('2.1.1');
    await grace!.getByRole('button', { name: 'Approve with changes' }).click();
    await linus!.getByText('As others have approved it').waitFor();
    expect(await linus!.locator('.changes').textContent()).toContain('"2.1.0""2.1.1"');
    await linus!.getByRole('button', { name: /^Approve: / }).click();
    await linus!.getByText('Approved by linus').waitFor();
    expect(await office.world.client.approvals.get(approval.id)).toMatchObject({
      status: 'approved',
      approved_args: { ...call, version: '2.1.1' },
    });
  });

  it('does not have the second of two approve what the first has changed unseen', async () => {
    const call = office.deployment('payments');
    const { approval } = await office.asked(call);
    const page = await office.visit('linus', { path: pageOf(approval) });
    await page.getByRole('button', { name: /^Approve: / }).waitFor();
    // The news of the other decision has not reached this browser when somebody clicks.
    let isLate = true;
    page.on('request', (request) => (isLate &&= request.method() === 'GET'));
    await page.route(`**/approvals/${approval.id}`, (route) => (isLate ? route.abort() : route.continue()));
    const changed = { ...call, version: '2.1.1' };
    await office.world.client.resolve(approval.id, 'approved', 'grace', { tool_args: changed });
    await page.getByRole('button', { name: /^Approve: / }).click();
    await page.getByText('look at it again').waitFor();
    await page.getByText('As others have approved it').waitFor();
    expect(await office.world.client.approvals.get(approval.id)).toMatchObject({ decisions: [{ by: 'grace' }] });
    await page.getByRole('button', { name: /^Approve: / }).click();
    await page.getByText('Approved by linus').waitFor();
    expect(await office.world.client.approvals.get(approval.id)).toMatchObject({ approved_args: changed });
  });

  it('tells the second of two who decide at the same time who was faster', async () => {
    const { approval } = await office.asked(office.deployment('auth'));
    const page = await office.visit('linus', { path: pageOf(approval) });
    await page.getByLabel('Reason').fill('Looks good.');
    // The news of the other decision has not reached this browser when somebody clicks.
    let isLate = true;
    page.on('request', (request) => (isLate &&= request.method() === 'GET'));
    await page.route(`**/approvals/${approval.id}`, (route) => (isLate ? route.abort() : route.continue()));
    await office.world.client.resolve(approval.id, 'rejected', 'grace', { note: 'Not today.' });
    await page.getByRole('button', { name: /^Approve: / }).click();
    await page.getByText('Your decision came too late and does not count. grace rejected it: “Not today.”').waitFor();
    await page.getByText('Rejected by grace').waitFor();
  });

  it('decides on several that were chosen one by one, and says what became of each', async () => {
    const [one, two, other] = [
      await office.asked(office.deployment('auth')),
      await office.asked(office.deployment('ledger')),
      await office.asked(office.deployment('auth')),
    ];
    const page = await office.visit('grace');
    for (const { approval } of [one, two])
      await page
        .locator('.row', { has: rowOf(page, approval) })
        .getByRole('checkbox')
        .check();
    await page.getByText('2 selected').waitFor();
    await page.getByRole('button', { name: 'Reject…' }).click();
    await page.getByRole('button', { name: 'Reject 2' }).click();
    await page.getByRole('dialog').getByText('the rules ask for a reason').waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    // While somebody points at the list, rows keep their places.
    await page.mouse.move(900, 400);
    await rowOf(page, one.approval).waitFor({ state: 'detached' });
    expect(await office.status(one.approval)).toBe('rejected');
    expect(await office.status(two.approval)).toBe('pending');
    expect(await office.status(other.approval)).toBe('pending');
  });

  it('shows all of what several people would let through at once, however long, and what looks like something else', async () => {
    const hidden = 'and then to production';
    const long = { service_name: `${'x'.repeat(4_000)} ${hidden}`, version: '2.1.0' };
    const fake = { service_name: 'p\u0430yroll', version: '2.1.0' };
    const secret = { system: 'billing' };
    const asked = [
      await office.asked(long),
      await office.asked(fake, { reason: 'Because.' }),
      await office.asked(secret, { tool: 'grant_access' }),
    ];
    const page = await office.visit('grace');
    for (const { approval } of asked)
      await page
        .locator('.row', { has: rowOf(page, approval) })
        .getByRole('checkbox')
        .check();
    // What cannot be read is not decided on.
    const unread = asked[2]!.approval;
    await page.route(`**/approvals/${unread.id}`, (route) => route.abort());
    await page.getByRole('button', { name: 'Approve…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Left out: its end was not in view yet').first().waitFor();
    expect(await dialog.getByRole('button', { name: /^Approve 2/ }).count()).toBe(0);
    for (const [n, end] of (await dialog.locator('.end-of-call').all()).entries()) {
      await end.scrollIntoViewIfNeeded();
      await dialog.locator('.chosen > li:not(.is-left-out)').nth(n).waitFor();
    }
    const text = await dialog.locator('.chosen').textContent();
    expect(text).toContain(`${'x'.repeat(4_000)} ${hidden}`);
    expect(text).toContain('The model says: Because.');
    expect(text).toContain('Left out: ');
    expect(await dialog.locator('.lookalike-character').first().getAttribute('data-code')).toBe('U+0430');
    await dialog.getByRole('button', { name: 'Approve 2 of 3' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await Promise.all(asked.map(({ approval }) => office.status(approval)))).toEqual([
      'approved',
      'approved',
      'pending',
    ]);
  });

  it('is done by keyboard alone', async () => {
    const { approval } = await office.asked(office.deployment('auth'));
    const page = await office.visit('grace');
    await rowOf(page, approval).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(String(approval.tool_args['service_name']));
    await page.keyboard.press('Enter');
    await page.locator('.list-head').getByText('1 waiting').waitFor();
    await page.keyboard.press('j');
    await focusIsOn(page, `dataset.approval === '${approval.id}'`);
    await page.keyboard.press('x');
    await page.getByText('1 selected').waitFor();
    await page.keyboard.press('x');
    await page.getByText('1 selected').waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'deploy_to_production' }).waitFor();
    await page.keyboard.press('r');
    await focusIsOn(page, 'tagName === "TEXTAREA"');
    await page.keyboard.type('Wrong service.');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Rejected by grace').waitFor();
    expect(await office.world.client.approvals.get(approval.id)).toMatchObject({
      resolution_data: { note: 'Wrong service.' },
    });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    const next = await office.asked(office.deployment('auth'));
    await page.goto(pageOf(next.approval));
    await page.getByRole('button', { name: /^Approve: / }).waitFor();
    await page.locator('.end-of-call[data-seen="true"]').waitFor({ state: 'attached' });
    await page.keyboard.press('a');
    await focusIsOn(page, 'textContent.startsWith("Approve: ")');
    await page.keyboard.press('Enter');
    await page.getByText('Approved by grace').waitFor();
  });

  it('offers nothing that somebody may not do', async () => {
    const { approval } = await office.asked(office.deployment('auth'));
    const viewer = await office.visit('vera', { path: pageOf(approval), access: { roles: ['viewer'] } });
    await viewer.getByText('You may look, but not decide.').waitFor();
    expect(await viewer.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    const ada = await office.visit('ada', { path: pageOf(approval) });
    await ada.getByText('You requested this call, so another person has to decide.').waitFor();
    const requester = await office.visit('ada', { access: { roles: ['requester'] } });
    await rowOf(requester, approval).waitFor();
    expect(await requester.getByRole('navigation').getByRole('link').allTextContents()).not.toContain('Events');
  });
});
