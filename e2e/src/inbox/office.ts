import type { Approval } from '@countersign/contracts/approvals';
import type { RunOutput } from '@countersign/contracts/runs';
import axe from 'axe-core';
import { appendFileSync } from 'node:fs';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { Browsers } from './browser.js';
import { eventually } from '../world/eventually.js';
import type { Access } from '../world/credentials.js';
import { call, text, wants } from '../runs/model-plans.js';
import { EmbeddedStack } from '../world/stack.js';
import { World, type MakeStack } from '../world/world.js';

interface Asked {
  run: RunOutput;
  approval: Approval;
}
interface Wish {
  tool?: string;
  /** The model's own. */
  reason?: string;
  /** What the run is asked to do. */
  input?: string;
}
type Visit = BrowserContextOptions & { path?: string; access?: Access };
export type Visited = Awaited<ReturnType<Browsers['page']>>;

/** The whole system with people at their browsers. */
export class Office {
  readonly world: World;
  readonly #browsers = new Browsers();

  constructor(makeStack: MakeStack = (options) => new EmbeddedStack(options)) {
    this.world = new World(makeStack, {}, 'inbox.yaml');
  }

  async open(): Promise<void> {
    await Promise.all([this.world.open(), this.#browsers.open()]);
    // Browsers find it where it was, also after a restart.
    this.world.stack.keepAddresses();
  }

  async close(): Promise<void> {
    await this.#browsers.close();
    await this.world.close();
  }

  get url(): string {
    return this.world.client.origins.approvals;
  }

  /** An agent asks for a call, for ada. */
  async asked(
    args: Record<string, unknown>,
    { tool = 'deploy_to_production', reason = 'It is time.', input }: Wish = {},
  ): Promise<Asked> {
    const { plans } = this.world;
    const answer = wants(text(reason), call(tool, args));
    const said = input === undefined ? plans.plan(`Please ${tool}`, answer) : plans.answer(input, answer);
    return this.world.startPaused(said, 1, { agent: 'ops', user_id: 'ada' });
  }

  /** A call under way, which prints what it is told to, line by line, until that is `end`. */
  async printing(...lines: string[]) {
    const script = this.world.gate();
    script.open();
    const asked = await this.asked({ script: script.path }, { tool: 'migrate' });
    await this.world.client.resolve(asked.approval.id, 'approved', 'grace');
    const say = (...lines: string[]) => appendFileSync(script.path, lines.map((line) => `${line}\n`).join(''));
    say(...lines);
    return { ...asked, say };
  }

  /** A service that nobody else in these tests deploys. */
  deployment = ((n) => (kind: string) => ({ service_name: `${kind}-${(n += 1)}`, version: '2.1.0' }))(0);

  /** A browser in which nobody is signed in. */
  stranger(options: BrowserContextOptions = {}): Promise<Visited> {
    return this.#browsers.page({ baseURL: this.url, ...options });
  }

  /** A browser in which somebody is signed in, on a page of the inbox. */
  async visit(person: string, { path = '/inbox', access, ...options }: Visit = {}): Promise<Visited> {
    const page = await this.stranger(options);
    const key = await this.keyOf(person, access);
    const answer = await page.request.post('/auth/sign-in', { data: { key } });
    expect(answer.status()).toBe(200);
    await page.goto(path);
    return page;
  }

  keyOf(person: string, access?: Access): Promise<string> {
    return this.world.client.credentials.keyOf(person, this.url, access);
  }

  async status(approval: Approval): Promise<string> {
    return (await this.world.client.approvals.get(approval.id)).status;
  }
}

export const pageOf = (approval: Approval): string => `/inbox/approvals/${approval.id}`;

/** The row of an approval in the list. */
export const rowOf = (page: Page, { id }: Approval) => page.locator(`[data-approval="${id}"]`);

/** Waits until these lines are the output that a page shows, no fewer, no more, and each of them once. */
export const showsOutput = (page: Page, ...lines: string[]): Promise<true> =>
  eventually(`the output to be ${lines.join(', ')}`, async () => {
    const shown = await page.locator('.output pre').allTextContents();
    if (shown.join() === lines.map((line) => `${line}\n`).join('')) return true;
    throw new Error(`it is ${JSON.stringify(shown)}`);
  });

/** What axe finds wrong on a page, and where. */
export async function barriersOn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate<string[]>(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" | ")))',
  );
}

/** Waits until what has the focus is so, such as `tagName === "INPUT"`. */
export const focusIsOn = (page: Page, what: string): Promise<boolean> =>
  eventually(
    `the focus to be on ${what}`,
    async () => (await page.evaluate<boolean>(`Boolean(document.activeElement?.${what})`)) || undefined,
  );
