import { Command } from 'commander';
import { breakGlassCommand, reviewCommand } from './break-glass.js';
import { approveCommand, rejectCommand } from './decide.js';
import { listApprovals } from './list.js';
import { previewCommand } from './preview-command.js';
import { answerCommand, askCommand } from './questions.js';
import { showApproval } from './show.js';
import { watchApprovals } from './watch.js';
import type { On } from '../connection/context.js';

export const approvalsCommand = (on: On): Command =>
  new Command('approvals')
    .description('What agents want to do and may not yet, and who decided.')
    .addCommand(listApprovals(on))
    .addCommand(showApproval(on))
    .addCommand(approveCommand(on))
    .addCommand(rejectCommand(on))
    .addCommand(previewCommand(on))
    .addCommand(askCommand(on))
    .addCommand(answerCommand(on))
    .addCommand(breakGlassCommand(on))
    .addCommand(reviewCommand(on))
    .addCommand(watchApprovals(on));
