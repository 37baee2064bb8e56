import type { ConfigVersionView, ReloadedConfig } from '@countersign/contracts/configuration';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { wholeNumber } from '../connection/options.js';
import { table, type Column } from '../terminal/table.js';
import { timestamp } from '../terminal/words.js';

export const reloadConfig = (on: On): Command =>
  new Command('reload')
    .summary('Puts the file of the server in force, without a restart.')
    .description(
      'Has the server read its file and its key files again, and puts the file in force for all instances of all services at once, or refuses it with what is wrong in which line.',
    )
    .option('--dry-run', 'say what would come of it, and change nothing')
    .option('--digest <sha256>', 'only if this is the digest of the file, as sha256sum and --dry-run say it')
    .action(
      on(async ({ screen, client }, { dryRun = false, digest }: { dryRun?: boolean; digest?: string }) => {
        screen.show(await client.config.reload({ dry_run: dryRun, digest }), lines);
      }),
    );

function lines({ outcome, number, digest, changes, changes_total, pending }: ReloadedConfig): string[] {
  const file = `sha256 ${digest.slice(0, 12)}`;
  if (outcome === 'unchanged') return [`version ${number} (${file}) is in force, and the file is the same`];
  const did = outcome === 'activated' ? `version ${number} (${file}) is in force` : `sha256 ${digest} would be put in force`;
  const lines = changes.map(({ path, kind }) => `  ${{ added: '+', removed: '-', changed: '~' }[kind]} ${path}`);
  const more = changes_total > changes.length ? [`  and ${changes_total - changes.length} more`] : [];
  const { stricter, rejected, looked_at } = pending;
  const rest = `of ${looked_at} pending approvals ${stricter} would ask for more, and ${rejected} would be rejected`;
  return [did, ...lines, ...more, ...(outcome === 'activated' ? [] : [rest])];
}

export const configHistory = (on: On): Command =>
  new Command('history')
    .description('Lists the versions of the file that were in force, the latest first.')
    .argument('[version]', 'prints the text of this one', wholeNumber)
    .action(
      on(async ({ screen, client }, number: number | undefined) => {
        if (number === undefined)
          screen.show({ data: await client.config.versions() }, ({ data }) => table(screen, columns, data));
        else screen.show(await client.config.version(number), ({ text }) => text.trimEnd().split('\n'));
      }),
    );

const columns: Column<ConfigVersionView>[] = [
  { title: 'VERSION', value: ({ number }) => String(number), style: () => 'cyan' },
  { title: 'SINCE', value: ({ created_at }) => timestamp(created_at) },
  { title: 'BY', value: ({ by, trigger }) => by ?? trigger },
  { title: 'SHA256', value: ({ digest }) => digest.slice(0, 12) },
  { title: 'RULES', value: ({ rules_version }) => rules_version.slice(0, 12) },
  { title: 'CHANGES', value: ({ changes }) => changes.map(({ path }) => path).join(' ') || '-', shrinks: true },
];
