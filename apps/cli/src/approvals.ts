import { Command } from 'commander';
import { approveCommand, rejectCommand } from './approvals.decide.js';
import { listApprovals } from './approvals.list.js';
import { showApproval } from './approvals.show.js';
import { watchApprovals } from './approvals.watch.js';
import type { On } from './context.js';

export const approvalsCommand = (on: On): Command =>
  new Command('approvals')
    .description('What agents want to do and may not yet, and who decided.')
    .addCommand(listApprovals(on))
    .addCommand(showApproval(on))
    .addCommand(approveCommand(on))
    .addCommand(rejectCommand(on))
    .addCommand(watchApprovals(on));
