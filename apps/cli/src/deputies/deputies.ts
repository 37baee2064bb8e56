import { isInForce, type Delegation } from '@countersign/contracts/delegations';
import { markedLine } from '@countersign/contracts/text';
import { after, systemClock, toEpochSeconds, type EpochSeconds } from '@countersign/contracts/time';
import { Command } from 'commander';
import type { Context, On } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import { approvalId } from '../connection/ids.js';
import { paged, type PageOptions } from '../connection/options.js';
import { showPage } from '../terminal/page.js';
import type { Screen } from '../terminal/screen.js';
import type { Column } from '../terminal/table.js';
import { left, timestamp } from '../terminal/words.js';

export const deputiesCommand = (on: On): Command =>
  new Command('deputies')
    .description('Who decides in your place while you are away, where the rules have deputies.')
    .addCommand(listDeputies(on))
    .addCommand(nameDeputy(on))
    .addCommand(endDeputy(on));

interface NameOptions {
  for: string;
  approval?: string;
  reason?: string;
}

const nameDeputy = (on: On): Command =>
  new Command('name')
    .description('Names a deputy for a while. They decide only what you may decide yourself.')
    .argument('<person>', 'who decides in your place')
    .requiredOption('--for <duration>', 'how long, such as 8h or 14d')
    .option('--approval <approval>', 'of this one alone: its id, or the beginning of it')
    .option('-m, --reason <text>', 'why, for those who read the record')
    .action(
      on(async ({ screen, client }, deputy: string, { for: time, approval, reason }: NameOptions) => {
        const { Duration } = await import('@countersign/definitions');
        const { data: seconds, error } = Duration.safeParse(time);
        if (seconds === undefined) throw new Failure(exitCodes.usage, `--for ${error!.issues[0]!.message}`);
        const approval_id = approval === undefined ? undefined : await approvalId(client, approval);
        const named = await client.delegations.create({ deputy, ends_at: after(now(), seconds), approval_id, reason });
        const what = named.approval_id === null ? 'in your place' : 'on this approval in your place';
        screen.show(named, () => [
          `${screen.paint('green', '✔')} ${markedLine(deputy)} decides ${what} until ${timestamp(named.ends_at)}`,
        ]);
      }),
    );

const listDeputies = (on: On): Command =>
  paged(
    new Command('list')
      .description('Lists whom you have named, the newest first; with --mine, who has named you.')
      .option('--mine', 'who has named you'),
  ).action(
    on(async ({ screen, client }: Context, { mine, ...rest }: PageOptions & { mine?: boolean }) => {
      const deputy = mine ? (await client.auth.me()).subject : undefined;
      showPage(screen, await client.delegations.list({ ...rest, deputy }), columns(screen), 'delegation');
    }),
  );

const now = (): EpochSeconds => toEpochSeconds(systemClock());

const columns = (screen: Screen): Column<Delegation>[] => [
  { title: 'ID', value: ({ id }) => id, style: () => 'cyan' },
  { title: 'HOLDS', value: (each) => untilWhen(screen, each), style: (each) => (holds(each) ? 'green' : 'dim') },
  { title: 'DEPUTY', value: ({ deputy }) => markedLine(deputy) },
  { title: 'OF', value: ({ delegator }) => markedLine(delegator), isExtra: true },
  { title: 'APPROVAL', value: ({ approval_id }) => approval_id ?? 'all', isExtra: true },
  { title: 'REASON', value: ({ reason }) => markedLine(reason ?? ''), shrinks: true },
];

const holds = (each: Delegation): boolean => isInForce(each, now());

function untilWhen(screen: Screen, { revoked_at, ends_at }: Delegation): string {
  if (revoked_at !== null) return 'revoked';
  return screen.width === undefined ? timestamp(ends_at) : left(ends_at);
}

const endDeputy = (on: On): Command =>
  new Command('end')
    .description('Ends it at once. What was decided before stays as it is.')
    .argument('<delegation>', 'its id')
    .action(
      on(async ({ screen, client }, id: string) => {
        const ended = await client.delegations.revoke(id);
        screen.show(ended, ({ deputy }) => [`${markedLine(deputy)} decides in this place no longer`]);
      }),
    );
