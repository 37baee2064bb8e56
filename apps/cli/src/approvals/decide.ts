import {
  standingApprovals,
  type Approval,
  type ResolutionData,
  type DecisionVerdict,
} from '@countersign/contracts/approvals';
import { actionLine, mayBeApprovedTogether, riskOf } from '@countersign/contracts/presentation';
import { visibleLine } from '@countersign/contracts/text';
import { Command } from 'commander';
import { withCommand } from '../connection/hints.js';
import { digestsOf, readAll, seeBefore, type Digests } from './seen.js';
import type { Context, On } from '../connection/context.js';
import { exitCodeOf, exitCodes, Failure, type ExitCode } from '../connection/exit-codes.js';
import { jsonObject, several, textOf, wholeNumber } from '../connection/options.js';
import { fieldValues } from './values/field-values.js';
import { Questions } from '../terminal/questions.js';
import { askForPreview, needsPreview } from './preview.js';
import { confirmTarget, targetOf } from './target.js';

interface ApproveOptions {
  note?: string;
  args?: string;
  value?: string[];
  result?: string;
  grant?: number;
  digest?: string;
  target?: string;
  yes?: boolean;
}

type RejectOptions = Pick<ApproveOptions, 'digest'> & { reason?: string };

const digestOption = 'of the call as you saw it: if it has changed, nothing is decided. Unset: as it is read now';

export const approveCommand = (on: On): Command =>
  new Command('approve')
    .description('Approves one call, or several that are each named.')
    .argument('<approvals...>', 'their ids, or beginnings of them')
    .option('-m, --note <text>', 'a reason, passed to the model')
    .option('--args <json>', 'other arguments for the same tool, all of them: JSON or @file')
    .option('--value <name=value>', 'fills in a field; once for each field', several)
    .option('--result <text>', 'the work was done by hand, and this came of it: text or @file; nothing is executed')
    .option('--grant <seconds>', 'lets the agent make such calls for so long without asking', wholeNumber)
    .option('--digest <digest>', digestOption)
    .option('--target <text>', 'of a critical call, such as its environment: in place of typing it')
    .option('-y, --yes', 'on a terminal, without showing the calls and confirming')
    .addHelpText(
      'after',
      `
Examples:
  countersign approvals approve 7d1f… --note 'checked with the team'
  countersign approvals approve 7d1f… --args '{"service_name": "search", "version": "3.1.1"}'
  countersign approvals approve 7d1f… --value ticket=OPS-12 --value expires_in_hours=4
  countersign approvals show 7d1f && countersign approvals approve 7d1f --digest sha256:…`,
    )
    .action(
      on(async (context, named: string[], options: ApproveOptions) => {
        areOfOne(named, options);
        const resolution = resolutionOf(options);
        const approvals = await readAll(context.client, named);
        const ids = approvals.map(({ id }) => id);
        const { value } = options;
        if (approvals.length > 1) approvals.forEach(mayBeOneOfSeveral);
        const data = value === undefined ? resolution : { ...resolution, values: fieldValues(value, approvals[0]!) };
        const [first] = approvals as [Approval];
        if (approvals.length === 1 && needsPreview(first, data) && options.digest === undefined) {
          mustBeSeen(context, first, options);
          approvals[0] = await askForPreview(context, first, data);
        }
        if (!options.yes) await seeBefore(context, approvals, data);
        const target = await confirmCritical(context, approvals, data, options);
        return decide(context, ids, { status: 'approved', data, target, seen: digestsOf(approvals, options) });
      }),
    );

export const rejectCommand = (on: On): Command =>
  new Command('reject')
    .description('Rejects one call, or several that are each named.')
    .argument('<approvals...>', 'their ids, or beginnings of them')
    .option('-m, --reason <text>', 'why, passed to the model')
    .option('--digest <digest>', digestOption)
    .action(
      on(async (context, named: string[], options: RejectOptions) => {
        areOfOne(named, options);
        const approvals = await readAll(context.client, named);
        const ids = approvals.map(({ id }) => id);
        const seen = digestsOf(approvals, options);
        const { reason } = options;
        return decide(context, ids, { status: 'rejected', data: reason === undefined ? {} : { note: reason }, seen });
      }),
    );

/** @throws Failure where nobody would read the preview of what they approve */
function mustBeSeen({ screen }: Context, { id }: Approval, { yes, args, value = [] }: ApproveOptions): void {
  if (screen.canAsk && !yes) return;
  const edit = [...(args === undefined ? [] : ['--args …']), ...value.map(() => '--value …')].join(' ');
  throw new Failure(
    exitCodes.usage,
    `Nobody has seen what this call would do. Ask for it with approvals preview ${id} ${edit}, and approve it with the --digest that it says.`,
  );
}

function areOfOne(ids: string[], { args, value, result, digest, target }: ApproveOptions): void {
  if (ids.length > 1 && [args, value, result, digest, target].some((option) => option !== undefined))
    throw new Failure(
      exitCodes.usage,
      '--args, --value, --result, --digest and --target are of one call: name one approval with them.',
    );
}

function resolutionOf({ note, args, result, grant }: ApproveOptions): ResolutionData {
  return {
    ...(note !== undefined && { note }),
    ...(args !== undefined && { tool_args: jsonObject(args, '--args') }),
    ...(result !== undefined && { result: textOf(result) }),
    ...(grant !== undefined && { grant: { expires_in: grant } }),
  };
}

/** @throws Failure for a call that the server does not take together with others, before anybody reads them all */
function mayBeOneOfSeveral(approval: Approval): void {
  const { id, tool_args, approved_args } = approval;
  const risk = riskOf({ ...approval, tool_args: approved_args ?? tool_args });
  if (!mayBeApprovedTogether(risk))
    throw new Failure(exitCodes.usage, `${id} is of ${risk} risk, so it is approved alone. Nothing was decided.`);
}

/** What is done already needs no target. */
async function confirmCritical(
  { screen, environment }: Context,
  approvals: readonly Approval[],
  { tool_args: edited, values, result }: ResolutionData,
  { target: given }: ApproveOptions,
): Promise<string | undefined> {
  const [approval] = approvals;
  if (approvals.length > 1 || !approval || result !== undefined) return undefined;
  const { approved_args, tool_args } = approval;
  const runs = { ...(edited ?? approved_args ?? tool_args), ...values };
  const questions = screen.canAsk ? new Questions(environment) : undefined;
  return confirmTarget(targetOf(approval, runs), { given, questions });
}

interface Deciding {
  status: DecisionVerdict;
  data: ResolutionData;
  target?: string | undefined;
  /** Of each approval. */
  seen: Digests;
}

async function decide(context: Context, ids: string[], { status, data, target, seen }: Deciding): Promise<ExitCode> {
  const resolution_data = Object.keys(data).length > 0 ? data : null;
  return ids.length === 1
    ? decideOne(context, ids[0]!, { status, resolution_data, target, digest: seen[ids[0]!]! })
    : decideMany(context, { ids, status, resolution_data, digests: seen });
}

type Decision = Pick<Deciding, 'status'> & { resolution_data: ResolutionData | null };

async function decideOne(
  { screen, client }: Context,
  id: string,
  decision: Decision & { digest: string; target?: string | undefined },
): Promise<ExitCode> {
  const approval = await client.approvals.resolve(id, decision);
  screen.show(approval, () => [`${screen.paint('green', '✔')} ${outcomeOf(approval)}`]);
  return exitCodes.ok;
}

/** What a decision came to. One of several that are needed leaves the approval pending. */
export function outcomeOf(approval: Approval): string {
  const { status, tool_args, approved_args, required_approvals } = approval;
  const call = actionLine({ ...approval, tool_args: approved_args ?? tool_args });
  if (status !== 'pending') return `${status}  ${call}`;
  return `counted, ${standingApprovals(approval)} of ${required_approvals}  ${call}`;
}

async function decideMany(
  { screen, client }: Context,
  request: Decision & { ids: string[]; digests: Digests },
): Promise<ExitCode> {
  const outcome = await client.approvals.resolveMany(request);
  screen.show(outcome, ({ results }) =>
    results.map(({ id, status, detail, hint }) => {
      const mark = status === 200 ? screen.paint('green', '✔') : screen.paint('red', '✘');
      return `${mark} ${visibleLine(`${id}  ${withCommand(detail, hint)}`)}`;
    }),
  );
  return exitCodeOf(outcome.results.find(({ status }) => status !== 200)?.status ?? 200);
}
