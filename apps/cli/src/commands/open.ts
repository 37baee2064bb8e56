import { Command } from 'commander';
import { spawn } from 'node:child_process';
import type { On } from '../connection/context.js';
import { approvalId } from '../connection/ids.js';

/** By `process.platform`; elsewhere the address is printed. */
const openers: Partial<Record<NodeJS.Platform, readonly [program: string, ...args: string[]]>> = {
  darwin: ['open'],
  linux: ['xdg-open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

export const openCommand = (on: On): Command =>
  new Command('open')
    .description('Opens the inbox, or one approval, in the browser; prints the address where there is none.')
    .argument('[approval]', 'its id, or the beginning of it')
    .action(
      on(async ({ screen, client, connection }, named: string | undefined) => {
        const path =
          named === undefined ? '/inbox' : `/inbox/approvals/${encodeURIComponent(await approvalId(client, named))}`;
        const url = connection.url + path;
        if (screen.canAsk) opened(url);
        screen.show({ url }, () => [url]);
      }),
    );

/** Whether it works is seen; the address is printed in any case. */
function opened(url: string): void {
  const [program, ...args] = openers[process.platform] ?? [];
  if (!program) return;
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
