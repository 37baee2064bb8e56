import { Approval, ApprovalPage, markedLine, visibleLine } from '@countersign/contracts';
import { Command } from 'commander';
import type { Context, On } from '../connection/context.js';
import { follow } from '../connection/event-stream.js';
import { breakNote } from './break-note.js';
import { patienceOption, type PatienceOption } from '../connection/options.js';
import type { Screen } from '../terminal/screen.js';
import type { Server } from '../commands/server.js';
import { statusStyle } from '../commands/status.js';
import { clockTime, oneLine } from '../terminal/words.js';

export const watchApprovals = (on: On): Command =>
  new Command('watch')
    .description('Shows what waits for a decision, and then every approval that changes, until Ctrl-C.')
    .addOption(patienceOption())
    .action(
      on(async ({ screen, server }: Context, { reconnectFor }: PatienceOption) => {
        for await (const approval of changes(server, { patience: reconnectFor * 1000, onBreak: breakNote(screen) }))
          screen.showNext(approval, () => [changeText(screen, approval)]);
      }),
    );

/** First what is pending, oldest first, and then each approval that changes, as it is then. */
async function* changes(server: Server, options: Pick<Parameters<typeof follow>[2], 'patience' | 'onBreak'>) {
  const [newest] = (await server.get(ApprovalPage, '/approvals', { sort_by: 'updated_at', limit: 1 })).data;
  const pending = await server.get(ApprovalPage, '/approvals', { status: 'pending', limit: 1000 });
  const told = new Map(newest ? [[newest.id, newest.version]] : []);
  for (const approval of pending.data.toReversed()) {
    told.set(approval.id, approval.version);
    yield approval;
  }
  for await (const { data } of follow(server, '/approvals/stream', {
    ...options,
    after: String(newest?.updated_at ?? 0),
  })) {
    const changed = Approval.safeParse(JSON.parse(data));
    if (!changed.success) continue;
    const { id, version } = changed.data;
    if (version > (told.get(id) ?? -1)) yield changed.data;
    told.set(id, version);
  }
}

function changeText(screen: Screen, approval: Approval): string {
  const { status, updated_at, created_at, id, tool_name, tool_args, agent_id, resolved_by } = approval;
  const at = clockTime(new Date((status === 'pending' ? created_at : updated_at) * 1000));
  const who = resolved_by === null || status === 'pending' ? `from ${agent_id}` : `by ${resolved_by}`;
  const state = screen.paint(statusStyle(approval), status.padEnd(9));
  return `${screen.paint('dim', at)}  ${state}  ${screen.paint('cyan', visibleLine(id))}  ${markedLine(`${tool_name} ${oneLine(tool_args)}  ${who}`)}`;
}
