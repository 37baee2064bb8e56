import { markedLine } from '@countersign/contracts/text';
import { Command } from 'commander';
import type { Context, On } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import { approvalId } from '../connection/ids.js';
import { Questions } from '../terminal/questions.js';
import { outcomeOf } from './decide.js';
import { approvalText } from './show.js';
import { confirmTarget, targetOf } from './target.js';

interface BreakGlassOptions {
  reason: string;
  digest?: string;
  target?: string;
}

const phrase = 'break glass';

export const breakGlassCommand = (on: On): Command =>
  new Command('break-glass')
    .description('Approves one call alone in an emergency, where the rules name you for it. Everybody is alarmed.')
    .argument('<approval>', 'its id, or the beginning of it')
    .requiredOption('-m, --reason <text>', 'why, for whoever reviews it')
    .option('--digest <digest>', 'of the call as you saw it: required where nobody can be shown the call')
    .option('--target <text>', 'of a critical call: in place of typing it')
    .action(
      on(async (context, named: string, { reason, digest, target: given }: BreakGlassOptions) => {
        const { client, screen } = context;
        const approval = await client.approvals.get(await approvalId(client, named));
        if (digest === undefined && screen.canAsk) await confirm(context, approvalText(screen, approval));
        else if (digest === undefined)
          throw new Failure(exitCodes.usage, 'Say --digest, of the call as you saw it. Nothing was decided.');
        const { environment } = context;
        const questions = screen.canAsk ? new Questions(environment) : undefined;
        const runs = approval.approved_args ?? approval.tool_args;
        const target = await confirmTarget(targetOf(approval, runs), { given, questions });
        const said = { reason, digest: digest ?? approval.digest, ...(target !== undefined && { target }) };
        const broken = await client.approvals.breakGlass(approval.id, said);
        screen.show(broken, () => [`${screen.paint('green', '✔')} ${outcomeOf(broken)}`, 'Its review is open.']);
      }),
    );

export const reviewCommand = (on: On): Command =>
  new Command('review')
    .description('Closes the review of a call that somebody else approved alone in an emergency.')
    .argument('<approval>', 'its id, or the beginning of it')
    .argument('<findings>', 'what you found')
    .action(
      on(async ({ client, screen }, named: string, text: string) => {
        const approval = await client.approvals.review(await approvalId(client, named), text);
        const by = markedLine(approval.break_glass!.by);
        screen.show(approval, () => [`${screen.paint('green', '✔')} the review of what ${by} did is closed`]);
      }),
    );

async function confirm({ screen, environment }: Context, text: readonly string[]): Promise<void> {
  screen.note('', ...text);
  const check = (typed: string) => (typed === phrase ? undefined : `Type ${phrase}, or press Ctrl+C.`);
  const typed = await new Questions(environment).text(`Type ${phrase} to approve it alone`, { check });
  if (typed !== phrase) throw new Failure(exitCodes.failed, 'Nothing was decided.');
}
