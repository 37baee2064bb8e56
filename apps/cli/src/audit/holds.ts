import type { LegalHold } from '@countersign/contracts/audit';
import { Command, Option } from 'commander';
import type { On } from '../connection/context.js';
import { paged, type PageOptions } from '../connection/options.js';
import { showPage } from '../terminal/page.js';
import type { Column } from '../terminal/table.js';
import { timestamp } from '../terminal/words.js';

interface HoldOptions {
  run?: string;
  actor?: string;
  tool?: string;
  reason: string;
}

export const placeHold = (on: On): Command =>
  new Command('hold')
    .description(
      'Places a legal hold: what it is on is not removed from the record. Without a run, actor or tool, all of it.',
    )
    .option('--run <id>', 'on a run')
    .option('--actor <name>', 'on runs in which somebody is named')
    .option('--tool <name>', 'on runs with calls of a tool')
    .requiredOption('--reason <text>', 'why; it is put on record')
    .action(
      on(async ({ screen, client }, { run, actor, tool, reason }: HoldOptions) => {
        const hold = await client.audit.hold({ run_id: run, actor, tool_name: tool, reason });
        screen.show(hold, () => [`${hold.id} is in force`]);
      }),
    );

export const releaseHold = (on: On): Command =>
  new Command('release')
    .description('Releases a legal hold. What it was on goes when it is old.')
    .argument('<hold>', 'its id')
    .requiredOption('--reason <text>', 'why; it is put on record')
    .action(
      on(async ({ screen, client }, id: string, { reason }: { reason: string }) => {
        const hold = await client.audit.release(id, reason);
        screen.show(hold, () => [`${id} is released`]);
      }),
    );

interface ListOptions extends PageOptions {
  status?: LegalHold['status'];
}

export const listHolds = (on: On): Command =>
  paged(
    new Command('holds')
      .description('Lists legal holds, the newest first.')
      .addOption(new Option('--status <status>', 'only these').choices(['in_force', 'released'])),
  ).action(
    on(async ({ screen, client }, query: ListOptions) =>
      showPage(screen, await client.audit.holds(query), columns, 'legal hold'),
    ),
  );

const columns: Column<LegalHold>[] = [
  { title: 'ID', value: ({ id }) => id, style: () => 'cyan' },
  { title: 'STATUS', value: ({ status }) => status, style: ({ status }) => (status === 'in_force' ? 'green' : 'dim') },
  { title: 'ON', value: scopeText },
  { title: 'BY', value: ({ by }) => by ?? '-', isExtra: true },
  { title: 'SINCE', value: ({ created_at }) => timestamp(created_at), isExtra: true },
  { title: 'REASON', value: ({ reason }) => reason, shrinks: true },
];

function scopeText({ run_id, actor, tool_name }: LegalHold): string {
  const said = [run_id && `run ${run_id}`, actor && `actor ${actor}`, tool_name && `tool ${tool_name}`].filter(Boolean);
  return said.length === 0 ? 'everything' : said.join(', ');
}
