import { prepared, stateDir } from '@countersign/infra';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** Browsers for people: a real Chromium, brought by npm. */
export class Browsers {
  #browser: Browser | undefined;

  async open(): Promise<void> {
    this.#browser = await chromium.launch({
      executablePath: await chromiumPath(),
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

/** The package unpacks its browser into the temporary folder, half of which another test could find. */
async function chromiumPath(): Promise<string> {
  const manifest = fileURLToPath(new URL('../../package.json', import.meta.resolve('@sparticuz/chromium')));
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const unpack = `import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())`;
  const directory = await prepared(join(stateDir, `chromium-${version}`), async (work) => {
    await promisify(execFile)(process.execPath, ['--eval', unpack], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, TMPDIR: work },
    });
  });
  return join(directory, 'chromium');
}
