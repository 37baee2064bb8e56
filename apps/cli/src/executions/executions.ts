import {
  type CancelExecutionRequest,
  Execution,
  ExecutionOutput,
  ExecutionPage,
  ExecutionStatus,
  type ReportExecutionRequest,
  type RetryExecutionRequest,
  type SettleExecutionRequest,
  visible,
} from '@countersign/contracts';
import { Command } from 'commander';
import type { z } from 'zod';
import { ageIn } from '../terminal/age.js';
import type { Context, On } from '../connection/context.js';
import { executionText } from './execution-text.js';
import { limitOption, oneOf, pageOption, textOf, wholeNumber } from '../connection/options.js';
import { pageNote } from '../terminal/page-note.js';
import type { Screen } from '../terminal/screen.js';
import { pathOf } from '../commands/server.js';
import { statusStyle } from '../commands/status.js';
import { table, type Column } from '../terminal/table.js';
import { oneLine } from '../terminal/words.js';

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

interface ListOptions {
  status?: string;
  tool?: string;
  run?: string;
  limit: number;
  page: number;
}

const listExecutions = (on: On): Command =>
  new Command('list')
    .description('Lists executions, the newest first.')
    .addOption(oneOf('-s, --status <status>', 'with this status', ExecutionStatus.options))
    .option('--tool <name>', 'of this tool')
    .option('--run <id>', 'of this run')
    .addOption(limitOption())
    .addOption(pageOption())
    .action(
      on(async ({ screen, server }, { tool, run, ...rest }: ListOptions) => {
        const page = await server.get(ExecutionPage, '/executions', { ...rest, tool_name: tool, run_id: run });
        screen.show(page, ({ data }) => (data.length > 0 ? table(screen, columns(screen), data) : []));
        pageNote(screen, page, 'execution');
      }),
    );

const columns = (screen: Screen): Column<Execution>[] => [
  { title: 'ID', value: ({ id }) => id, style: () => 'cyan' },
  { title: 'STATUS', value: ({ status }) => status, style: statusStyle },
  { title: 'AGE', value: ({ created_at }) => ageIn(screen, created_at) },
  { title: 'TRIES', value: ({ attempts }) => String(attempts.length), isExtra: true },
  { title: 'BY', value: ({ approved_by }) => approved_by ?? '-', isExtra: true },
  { title: 'CALL', value: ({ tool_name, tool_args }) => `${tool_name} ${oneLine(tool_args)}`, shrinks: true },
];

const showExecution = (on: On): Command =>
  new Command('show')
    .description('Shows one execution: each attempt, and what came of it.')
    .argument('<execution>', 'its id')
    .action(
      on(async ({ screen, server }, id: string) => {
        const execution = await server.get(Execution, pathOf`/executions/${id}`);
        screen.show(execution, () => executionText(screen, execution));
      }),
    );

const showOutput = (on: On): Command =>
  new Command('output')
    .description('Prints what a call has printed so far.')
    .argument('<execution>', 'its id')
    .option('--attempt <number>', 'of this attempt; the last unless given', wholeNumber)
    .action(
      on(async ({ screen, server }, id: string, { attempt }: { attempt?: number }) => {
        const output = await server.get(ExecutionOutput, pathOf`/executions/${id}/output`, { attempt });
        screen.show(output, ({ text }) => (text === '' ? [] : [visible(text.replace(/\n$/, ''))]));
        if (!screen.json && !output.complete)
          screen.note(
            screen.tint('dim', `${output.total_characters} characters so far; this is what is kept of them.`),
          );
      }),
    );

const outcome = () => oneOf('--outcome <outcome>', 'what came of it', ['succeeded', 'failed']).makeOptionMandatory();

const resolveUnknown = (on: On): Command =>
  new Command('resolve-unknown')
    .description(
      'Settles a call that began and whose end nobody saw, once you have found out. The run goes on with it.',
    )
    .argument('<execution>', 'its id')
    .addOption(outcome())
    .requiredOption('-m, --note <text>', 'what you found, and how; the model is told')
    .action(
      on((context, id: string, body: z.input<typeof SettleExecutionRequest>) =>
        tell(context, id, 'resolve-unknown', body),
      ),
    );

const report = (on: On): Command =>
  new Command('report')
    .description('Reports what came of a call that a person makes.')
    .argument('<execution>', 'its id')
    .addOption(outcome())
    .requiredOption('--result <text>', 'what came of it: text or @file; the model is told')
    .action(
      on((context, id: string, { outcome, result }: z.input<typeof ReportExecutionRequest>) =>
        tell(context, id, 'report', { outcome, result: textOf(result) }),
      ),
    );

const retry = (on: On): Command =>
  new Command('retry')
    .description('Has a call made again.')
    .argument('<execution>', 'its id')
    .requiredOption('-m, --note <text>', 'why')
    .option('--even-if-done', 'though it may have been made already, and its tool promises at most one start')
    .action(
      on((context, id: string, { note, evenIfDone = false }: { note: string; evenIfDone?: boolean }) =>
        tell(context, id, 'retry', { note, even_if_done: evenIfDone }),
      ),
    );

const cancel = (on: On): Command =>
  new Command('cancel')
    .description('Cancels a call that has not begun, or asks the one who makes it to stop.')
    .argument('<execution>', 'its id')
    .requiredOption('-m, --reason <text>', 'why')
    .action(on((context, id: string, { reason }: { reason: string }) => tell(context, id, 'cancel', { reason })));

/** What may be said of an execution, each at a route of its own. */
interface Said {
  'resolve-unknown': z.input<typeof SettleExecutionRequest>;
  report: z.input<typeof ReportExecutionRequest>;
  retry: z.input<typeof RetryExecutionRequest>;
  cancel: z.input<typeof CancelExecutionRequest>;
}

async function tell<W extends keyof Said>(
  { screen, server }: Context,
  id: string,
  what: W,
  body: Said[W],
): Promise<void> {
  const execution = await server.post(Execution, `${pathOf`/executions/${id}`}/${what}`, body);
  screen.show(execution, ({ status, tool_name, tool_args }) => [
    `${screen.paint(statusStyle({ status }), status)}  ${visible(`${tool_name} ${oneLine(tool_args)}`)}`,
  ]);
}
