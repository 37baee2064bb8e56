import { ApiError, type CountersignClient } from '@countersign/client';
import type { Approval } from '@countersign/contracts/approvals';
import { ExecutionStatus, type Execution } from '@countersign/contracts/executions';
import { titleLine } from '@countersign/contracts/presentation';
import { visibleText } from '@countersign/contracts/text';
import { Command } from 'commander';
import { ageIn } from '../terminal/age.js';
import type { On } from '../connection/context.js';
import { executionId, shortIds } from '../connection/ids.js';
import { executionText } from './execution-text.js';
import { oneOf, paged, type PageOptions, textOf, wholeNumber } from '../connection/options.js';
import { showPage } from '../terminal/page.js';
import type { Screen } from '../terminal/screen.js';
import { statusStyle } from '../commands/status.js';
import type { Column } from '../terminal/table.js';

export const executionsCommand = (on: On): Command =>
  new Command('executions')
    .summary('Approved calls, and what came of them.')
    .description('Approved calls, and what came of them. The id of an execution is that of its approval.')
    .addCommand(listExecutions(on))
    .addCommand(showExecution(on))
    .addCommand(showOutput(on))
    .addCommand(resolveUnknown(on))
    .addCommand(report(on))
    .addCommand(retry(on))
    .addCommand(cancel(on));

interface ListOptions extends PageOptions {
  status?: ExecutionStatus;
  tool?: string;
  run?: string;
}

const listExecutions = (on: On): Command =>
  paged(
    new Command('list')
      .description('Lists executions, the newest first.')
      .addOption(oneOf('-s, --status <status>', 'with this status', ExecutionStatus.options))
      .option('--tool <name>', 'of this tool')
      .option('--run <id>', 'of this run'),
  ).action(
    on(async ({ screen, client }, { tool, run, ...rest }: ListOptions) => {
      const page = await client.executions.list({ ...rest, tool_name: tool, run_id: run });
      const short = shortIds(
        screen,
        page.data.map(({ id }) => id),
        page.data.length,
      );
      showPage(
        screen,
        page,
        columns(screen, short, screen.json ? new Map() : await presentationsOf(client, page.data)),
        'execution',
      );
    }),
  );

type Presentations = ReadonlyMap<string, Approval['presentation']>;

/** How calls are shown, by their approvals; nothing for whoever may not see those. */
async function presentationsOf(client: CountersignClient, data: readonly Execution[]): Promise<Presentations> {
  // A list of ids cannot have one with a comma.
  const run_ids = [...new Set(data.map(({ run_id }) => run_id))].filter((id) => !id.includes(',')).slice(0, mostRuns);
  if (run_ids.length === 0) return new Map();
  const found = await client.approvals.list({ run_ids, limit: 1_000 }).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 403) return { data: [] };
    throw error;
  });
  return new Map(found.data.map(({ id, presentation }) => [id, presentation]));
}

/** More do not fit into an address. */
const mostRuns = 100;

const columns = (screen: Screen, short: (id: string) => string, how: Presentations): Column<Execution>[] => [
  { title: 'ID', value: ({ id }) => short(id), style: () => 'cyan' },
  { title: 'STATUS', value: ({ status }) => status, style: statusStyle },
  { title: 'AGE', value: ({ created_at }) => ageIn(screen, created_at) },
  { title: 'TRIES', value: ({ attempts }) => String(attempts.length), isExtra: true },
  { title: 'BY', value: ({ approved_by }) => approved_by ?? '-', isExtra: true },
  {
    title: 'CALL',
    value: ({ id, tool_name, tool_args }) => titleLine({ tool_name, tool_args, presentation: how.get(id) ?? null }),
    shrinks: true,
  },
];

const showExecution = (on: On): Command =>
  new Command('show')
    .description('Shows one execution: each attempt, and what came of it.')
    .argument('<execution>', 'its id, or the beginning of it')
    .action(
      on(async ({ screen, client }, id: string) => {
        const execution = await client.executions.get(await executionId(client, id));
        screen.show(execution, () => executionText(screen, execution));
      }),
    );

const showOutput = (on: On): Command =>
  new Command('output')
    .description('Prints what a call has printed so far.')
    .argument('<execution>', 'its id, or the beginning of it')
    .option('--attempt <number>', 'attempt number; default: the last', wholeNumber)
    .action(
      on(async ({ screen, client }, id: string, { attempt }: { attempt?: number }) => {
        const output = await client.executions.output(await executionId(client, id), attempt);
        screen.show(output, ({ text }) => (text === '' ? [] : [visibleText(text.replace(/\n$/, ''))]));
        if (!screen.json && !output.complete)
          screen.note(
            screen.tint('dim', `${output.total_characters} characters so far; this is what is kept of them.`),
          );
      }),
    );

type Outcome = 'succeeded' | 'failed';
const outcome = () => oneOf('--outcome <outcome>', 'what came of it', ['succeeded', 'failed']).makeOptionMandatory();

const resolveUnknown = (on: On): Command =>
  new Command('resolve-unknown')
    .description(
      'Resolves a call whose outcome is unknown, with what you found at the target. The run continues with it.',
    )
    .argument('<execution>', 'its id, or the beginning of it')
    .addOption(outcome())
    .requiredOption('-m, --note <text>', 'what you found, and how; passed to the model')
    .action(
      on(async ({ screen, client }, id: string, { outcome, note }: { outcome: Outcome; note: string }) =>
        show(screen, await client.executions.resolveUnknown(await executionId(client, id), { outcome, note })),
      ),
    );

const report = (on: On): Command =>
  new Command('report')
    .description('Reports what came of a call that a person makes.')
    .argument('<execution>', 'its id, or the beginning of it')
    .addOption(outcome())
    .requiredOption('--result <text>', 'the result: text or @file; passed to the model')
    .action(
      on(async ({ screen, client }, id: string, { outcome, result }: { outcome: Outcome; result: string }) =>
        show(
          screen,
          await client.executions.report(await executionId(client, id), { outcome, result: textOf(result) }),
        ),
      ),
    );

const retry = (on: On): Command =>
  new Command('retry')
    .description('Has a call made again.')
    .argument('<execution>', 'its id, or the beginning of it')
    .requiredOption('-m, --note <text>', 'why')
    .option('--even-if-done', 'though it may have been made already, and its tool promises at most one start')
    .action(
      on(async ({ screen, client }, id: string, { note, evenIfDone }: { note: string; evenIfDone?: boolean }) =>
        show(screen, await client.executions.retry(await executionId(client, id), { note, even_if_done: evenIfDone })),
      ),
    );

const cancel = (on: On): Command =>
  new Command('cancel')
    .description('Cancels a call that has not begun, or requests its worker to stop.')
    .argument('<execution>', 'its id, or the beginning of it')
    .requiredOption('-m, --reason <text>', 'why')
    .action(
      on(async ({ screen, client }, id: string, { reason }: { reason: string }) =>
        show(screen, await client.executions.cancel(await executionId(client, id), reason)),
      ),
    );

const show = (screen: Screen, execution: Execution): void =>
  screen.show(execution, ({ status, tool_name, tool_args }) => [
    `${screen.paint(statusStyle({ status }), status)}  ${titleLine({ tool_name, tool_args, presentation: null })}`,
  ]);
