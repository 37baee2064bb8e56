import { ApprovalStatus, type Approval } from '@countersign/contracts/approvals';
import { PauseType } from '@countersign/contracts/calls';
import { marked } from '@countersign/contracts/text';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { oneOf, paged, type PageOptions } from '../connection/options.js';
import { showPage } from '../terminal/page.js';
import { statusStyle } from '../commands/status.js';
import type { Column } from '../terminal/table.js';
import { ageIn } from '../terminal/age.js';
import type { Screen } from '../terminal/screen.js';
import { left, oneLine } from '../terminal/words.js';

/** `urgent`: what expires soonest. */
const orders = {
  newest: {},
  oldest: { sort_order: 'asc' },
  urgent: { sort_by: 'expires_at', sort_order: 'asc' },
} as const;

interface ListOptions extends PageOptions {
  status: ApprovalStatus;
  all?: boolean;
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
        columns(screen, options),
        options.all || options.status !== 'pending' ? 'approval' : 'pending approval',
      );
    }),
  );

const queryOf = ({ status, all, agent, tool, run, user, needs, resolvedBy, text, sort, limit, page }: ListOptions) => ({
  status: all ? undefined : status,
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

const columns = (screen: Screen, { all, status }: ListOptions): Column<Approval>[] => [
  { title: 'ID', value: ({ id }) => id, style: () => 'cyan' },
  ...(all ? [{ title: 'STATUS', value: ({ status }: Approval) => status, style: statusStyle }] : []),
  { title: 'AGE', value: ({ created_at }) => ageIn(screen, created_at) },
  ...(all || status !== 'pending'
    ? []
    : [{ title: 'LEFT', value: ({ expires_at }: Approval) => (expires_at === null ? '-' : left(expires_at)) }]),
  { title: 'AGENT', value: ({ agent_id }) => agent_id, isExtra: true },
  { title: 'FOR', value: ({ user_id }) => user_id ?? '-', isExtra: true },
  { title: 'CALL', value: ({ tool_name, tool_args }) => marked(`${tool_name} ${oneLine(tool_args)}`), shrinks: true },
];
