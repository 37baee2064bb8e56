import type { Grant } from '@countersign/contracts/approvals';
import { toEpochMillis } from '@countersign/contracts/time';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { paged, type PageOptions } from '../connection/options.js';
import { showPage } from '../terminal/page.js';
import type { Screen } from '../terminal/screen.js';
import type { Column } from '../terminal/table.js';
import { left, oneLine, timestamp } from '../terminal/words.js';

export const grantsCommand = (on: On): Command =>
  new Command('grants')
    .description('Calls that are approved without asking, until a deadline.')
    .addCommand(listGrants(on))
    .addCommand(revokeGrant(on));

interface ListOptions extends PageOptions {
  agent?: string;
  tool?: string;
}

const listGrants = (on: On): Command =>
  paged(
    new Command('list')
      .description('Lists grants, the newest first, also those that hold no longer.')
      .option('--agent <id>', 'of this agent')
      .option('--tool <name>', 'of this tool'),
  ).action(
    on(async ({ screen, client }, { agent, tool, ...rest }: ListOptions) => {
      const page = await client.grants.list({ ...rest, agent_id: agent, tool_name: tool });
      showPage(screen, page, columns(screen), 'grant');
    }),
  );

const holds = ({ revoked_at, expires_at, uses, max_uses }: Grant): boolean =>
  revoked_at === null && toEpochMillis(expires_at) > Date.now() && uses.length < max_uses;

const columns = (screen: Screen): Column<Grant>[] => [
  { title: 'ID', value: ({ id }) => id, style: () => 'cyan' },
  { title: 'HOLDS', value: (grant) => untilWhen(screen, grant), style: (grant) => (holds(grant) ? 'green' : 'dim') },
  { title: 'USED', value: ({ uses, max_uses }) => `${uses.length} of ${max_uses}`, isExtra: true },
  { title: 'BY', value: ({ created_by }) => created_by ?? '-', isExtra: true },
  { title: 'AGENT', value: ({ agent_id }) => agent_id, isExtra: true },
  { title: 'CALLS', value: (grant) => `${grant.tool_name} ${oneLine(grant.arguments)}`, shrinks: true },
];

function untilWhen(screen: Screen, { revoked_at, expires_at, uses, max_uses }: Grant): string {
  if (revoked_at !== null) return 'revoked';
  if (uses.length >= max_uses) return 'used up';
  return screen.width === undefined ? timestamp(expires_at) : left(expires_at);
}

const revokeGrant = (on: On): Command =>
  new Command('revoke')
    .description('Ends a grant. What it let through before stays as it is.')
    .argument('<grant>', 'its id')
    .action(
      on(async ({ screen, client }, id: string) => {
        const grant = await client.grants.revoke(id);
        screen.show(grant, () => [`${id} is revoked`]);
      }),
    );
