import { ApprovalStatus, type Approval } from '@countersign/contracts/approvals';
import { PauseType } from '@countersign/contracts/calls';
import { presentCall, riskOf, titleLine } from '@countersign/contracts/presentation';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { shortIds } from '../connection/ids.js';
import { oneOf, paged, type PageOptions } from '../connection/options.js';
import { showPage } from '../terminal/page.js';
import { statusStyle } from '../commands/status.js';
import type { Column } from '../terminal/table.js';
import { ageIn } from '../terminal/age.js';
import type { Screen } from '../terminal/screen.js';
import { left } from '../terminal/words.js';

/** `urgent`: what expires soonest. */
const orders = {
  newest: {},
  oldest: { sort_order: 'asc' },
  urgent: { sort_by: 'expires_at', sort_order: 'asc' },
} as const;

interface ListOptions extends PageOptions {
  status: ApprovalStatus;
  all?: boolean;
  openReviews?: boolean;
  agent?: string;
  tool?: string;
  run?: string;
  user?: string;
  needs?: PauseType;
  resolvedBy?: string;
  text?: string;
  sort: keyof typeof orders;
}

export const listApprovals = (on: On): Command =>
  paged(
    new Command('list')
      .description('Lists approvals: by default those that wait for a decision.')
      .addOption(oneOf('-s, --status <status>', 'with this status', ApprovalStatus.options).default('pending'))
      .option('-a, --all', 'with any status')
      .option('--open-reviews', 'approved alone in an emergency, and not reviewed')
      .option('--text <words>', 'with all of these words in requester, request, tool or arguments')
      .option('--agent <id>', 'of this agent')
      .option('--tool <name>', 'for calls of this tool')
      .option('--run <id>', 'of this run')
      .option('--user <id>', 'requested on behalf of this user')
      .addOption(oneOf('--needs <kind>', 'that need this of a person', PauseType.options))
      .option('--resolved-by <id>', 'decided by this person')
      .addOption(oneOf('--sort <order>', 'which come first', Object.keys(orders)).default('newest')),
  ).action(
    on(async ({ screen, client }, options: ListOptions) => {
      const page = await client.approvals.list(queryOf(options));
      showPage(
        screen,
        page,
        columns(screen, options, page.data),
        options.all || options.status !== 'pending' ? 'approval' : 'pending approval',
      );
    }),
  );

const queryOf = ({
  status,
  all,
  openReviews,
  agent,
  tool,
  run,
  user,
  needs,
  resolvedBy,
  text,
  sort,
  limit,
  page,
}: ListOptions) => ({
  status: all || openReviews ? undefined : status,
  review: openReviews ? ('open' as const) : undefined,
  agent_id: agent,
  tool_name: tool,
  run_id: run,
  user_id: user,
  pause_type: needs,
  resolved_by: resolvedBy,
  text,
  ...orders[sort],
  limit,
  page,
});

const idsIn = (screen: Screen, data: readonly Approval[]) => {
  // A beginning is searched for by its text, of which there are never too many.
  const short = shortIds(
    screen,
    data.map(({ id }) => id),
    data.length,
  );
  return ({ id }: Approval) => short(id);
};

const columns = (screen: Screen, { all, status }: ListOptions, data: readonly Approval[]): Column<Approval>[] => [
  { title: 'ID', value: idsIn(screen, data), style: () => 'cyan' },
  ...(all ? [{ title: 'STATUS', value: ({ status }: Approval) => status, style: statusStyle }] : []),
  { title: 'AGE', value: ({ created_at }) => ageIn(screen, created_at) },
  ...(all || status !== 'pending'
    ? []
    : [{ title: 'LEFT', value: ({ expires_at }: Approval) => (expires_at === null ? '-' : left(expires_at)) }]),
  ...(data.some((approval) => whereOf(approval) !== '-') ? [{ title: 'WHERE', value: whereOf, style: styleOf }] : []),
  { title: 'AGENT', value: ({ agent_id }) => agent_id, isExtra: true },
  { title: 'FOR', value: ({ user_id }) => user_id ?? '-', isExtra: true },
  { title: 'CALL', value: (approval) => titleLine(callOf(approval)), shrinks: true },
];

const callOf = (approval: Approval) => ({ ...approval, tool_args: approval.approved_args ?? approval.tool_args });

/** The environment, with `!` for a high and `!!` for a critical risk. */
function whereOf(approval: Approval): string {
  const { environment, risk } = presentCall(callOf(approval));
  return [environment && (environment.name ?? 'none'), marks[risk]].filter(Boolean).join(' ') || '-';
}

const marks = { low: '', high: '!', critical: '!!' } as const;

const styleOf = (approval: Approval) => (riskOf(callOf(approval)) === 'low' ? 'dim' : 'red');
