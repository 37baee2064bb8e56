import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Office, pageOf, showsOutput, type Visited } from './office.js';

describe('What a call prints, in the inbox', () => {
  const office = new Office();
  beforeAll(() => office.open());
  afterAll(() => office.close());
  const executionPage = (id: string) => `/inbox/executions/${id}`;
  const runPage = (id: string) => `/inbox/runs/${id}`;

  /** The paths under which a page asks for output from now on. */
  const questionsOf = (page: Visited): string[] => {
    const asked: string[] = [];
    page.on('request', (request) => void (request.url().endsWith('/output') && asked.push(request.url())));
    return asked;
  };

  it('appears line by line while it is printed, wherever it is looked at, without being asked for', async () => {
    const { run, approval, say } = await office.printing('one');
    const asRequester = { access: { roles: ['requester' as const] } };
    const pages = await Promise.all([
      office.visit('ada', { path: runPage(run.run_id), ...asRequester }),
      office.visit('grace', { path: pageOf(approval) }),
      office.visit('grace', { path: executionPage(approval.id) }),
    ]);
    await Promise.all(pages.map((page) => showsOutput(page, 'one')));
    say('two', '::progress 40 half of it');
    await Promise.all(pages.map((page) => page.getByText('half of it').waitFor()));
    const questions = pages.map(questionsOf);
    for (const n of ['three', 'four']) {
      say(n, `::progress 60 after ${n}`);
      await Promise.all(pages.map((page) => page.getByText(`after ${n}`).waitFor()));
    }
    await Promise.all(pages.map((page) => showsOutput(page, 'one', 'two', 'three', 'four')));
    for (const page of pages) expect(await page.locator('progress').getAttribute('value')).toBe('60');
    expect(questions.flat()).toEqual([]);
    say('five', 'end');
    await Promise.all(pages.map((page) => showsOutput(page, 'one', 'two', 'three', 'four', 'five')));
    for (const page of pages) {
      await page.locator('progress').waitFor({ state: 'detached' });
      expect(page.errors).toEqual([]);
    }
    const later = await office.visit('grace', { path: executionPage(approval.id) });
    await showsOutput(later, 'one', 'two', 'three', 'four', 'five');
  });

  it('is all there, each line once, after a restart of the server in the middle of it', async () => {
    const { run, approval, say } = await office.printing('one');
    const pages = await Promise.all([
      office.visit('grace', { path: runPage(run.run_id) }),
      office.visit('grace', { path: executionPage(approval.id) }),
    ]);
    await Promise.all(pages.map((page) => showsOutput(page, 'one')));
    say('two');
    await Promise.all(pages.map((page) => showsOutput(page, 'one', 'two')));
    const stopped = office.world.stack.stop();
    await Promise.all(pages.map((page) => page.getByText('The server is out of reach.').waitFor()));
    say('three', 'end');
    await stopped;
    await office.world.stack.start();
    await Promise.all(pages.map((page) => showsOutput(page, 'one', 'two', 'three')));
    await office.world.ended(run.run_id);
    for (const page of pages) {
      await page.getByText('The server is out of reach.').waitFor({ state: 'detached' });
      await showsOutput(page, 'one', 'two', 'three');
      expect(page.errors).toEqual([]);
    }
  });

  it('goes on to its end when the run that asked for it is cancelled', async () => {
    const { run, say } = await office.printing('one');
    const page = await office.visit('grace', { path: runPage(run.run_id) });
    await showsOutput(page, 'one');
    await office.world.client.cancelRun(run.run_id, 'not now');
    await page.getByText('The run was cancelled').waitFor();
    say('two');
    await showsOutput(page, 'one', 'two');
    say('three', 'end');
    await page.getByText(/^migrate .* was made/).waitFor();
    await showsOutput(page, 'one', 'two', 'three');
  });
});
