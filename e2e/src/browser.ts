import sparticuz from '@sparticuz/chromium';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** Browsers for people: a real Chromium, brought by npm. */
export class Browsers {
  #browser: Browser | undefined;

  async open(): Promise<void> {
    this.#browser = await chromium.launch({
      executablePath: await sparticuz.executablePath(),
      // Not the package's own arguments: they switch off what a page may not do, and several pages at once.
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }

  async close(): Promise<void> {
    await this.#browser?.close();
  }

  /** A page of a browser that nobody has used before. What goes wrong in it is remembered. */
  async page(options: BrowserContextOptions = {}): Promise<Page & { readonly errors: string[] }> {
    const context = await this.#browser!.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) errors.push(message.text());
    });
    return Object.assign(page, { errors });
  }
}
