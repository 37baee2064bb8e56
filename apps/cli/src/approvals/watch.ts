import type { Approvals, StreamOptions } from '@countersign/client';
import type { Approval } from '@countersign/contracts/approvals';
import { markedLine, visibleLine } from '@countersign/contracts/text';
import { toEpochMillis } from '@countersign/contracts/time';
import { Command } from 'commander';
import type { Context, On } from '../connection/context.js';
import { followOptions } from '../connection/follow-options.js';
import { patienceOption, type PatienceOption } from '../connection/options.js';
import type { Screen } from '../terminal/screen.js';
import { statusStyle } from '../commands/status.js';
import { clockTime, oneLine } from '../terminal/words.js';

export const watchApprovals = (on: On): Command =>
  new Command('watch')
    .description('Shows what waits for a decision, and then every approval that changes, until Ctrl-C.')
    .addOption(patienceOption())
    .action(
      on(async ({ screen, client }: Context, patience: PatienceOption) => {
        for await (const approval of changes(client.approvals, followOptions(screen, patience)))
          screen.showNext(approval, () => [changeText(screen, approval)]);
      }),
    );

/** First what is pending, oldest first, and then each approval that changes, as it is then. */
async function* changes(approvals: Approvals, options: StreamOptions): AsyncGenerator<Approval> {
  const [newest] = (await approvals.list({ sort_by: 'updated_at', limit: 1 })).data;
  const pending = await approvals.list({ status: 'pending', limit: 1000 });
  const reported = new Map(newest ? [[newest.id, newest.version]] : []);
  for (const approval of pending.data.toReversed()) {
    reported.set(approval.id, approval.version);
    yield approval;
  }
  const after = String(newest?.updated_at ?? 0);
  for await (const { event, data } of approvals.stream({ ...options, after })) {
    if (event === 'removed') continue;
    if (data.version > (reported.get(data.id) ?? -1)) yield data;
    reported.set(data.id, data.version);
  }
}

function changeText(screen: Screen, approval: Approval): string {
  const { status, updated_at, created_at, id, tool_name, tool_args, agent_id, resolved_by } = approval;
  const at = clockTime(new Date(toEpochMillis(status === 'pending' ? created_at : updated_at)));
  const who = resolved_by === null || status === 'pending' ? `from ${agent_id}` : `by ${resolved_by}`;
  const state = screen.paint(statusStyle(approval), status.padEnd(9));
  return `${screen.paint('dim', at)}  ${state}  ${screen.paint('cyan', visibleLine(id))}  ${markedLine(`${tool_name} ${oneLine(tool_args)}  ${who}`)}`;
}
