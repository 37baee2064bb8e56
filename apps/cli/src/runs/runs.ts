import { RunStatus, type RunOutput } from '@countersign/contracts/runs';
import { Command } from 'commander';
import { ageIn } from '../terminal/age.js';
import type { On } from '../connection/context.js';
import { runId, shortIds } from '../connection/ids.js';
import { oneOf, paged, type PageOptions, patienceOption } from '../connection/options.js';
import { showPage } from '../terminal/page.js';
import { RunFollower } from './run-follower.js';
import type { FollowChoices } from './run-follower.js';
import { runText } from './run-text.js';
import { startCommand, untilPaused, withoutAsking } from './start.js';
import { statusStyle } from '../commands/status.js';
import type { Column } from '../terminal/table.js';
import type { Screen } from '../terminal/screen.js';

export const runsCommand = (on: On): Command =>
  new Command('runs')
    .description('Runs of agents: input, status and answer.')
    .addCommand(listRuns(on))
    .addCommand(showRun(on))
    .addCommand(startCommand(on, 'start'))
    .addCommand(followRun(on))
    .addCommand(retryRun(on))
    .addCommand(cancelRun(on));

interface ListOptions extends PageOptions {
  status?: RunStatus;
  agent?: string;
  session?: string;
  user?: string;
}

const listRuns = (on: On): Command =>
  paged(
    new Command('list')
      .description('Lists runs, the newest first.')
      .addOption(oneOf('-s, --status <status>', 'with this status', RunStatus.options))
      .option('--agent <id>', 'of this agent')
      .option('--session <id>', 'of this session')
      .option('--user <id>', 'on behalf of this user'),
  ).action(
    on(async ({ screen, client }, { agent, session, user, ...rest }: ListOptions) => {
      const query = { ...rest, agent_id: agent, session_id: session, user_id: user };
      const page = await client.runs.list(query);
      const ids = page.data.map(({ run_id }) => run_id);
      showPage(screen, page, columns(screen, shortIds(screen, ids, page.meta.total_count)), 'run');
    }),
  );

const columns = (screen: Screen, short: (id: string) => string): Column<RunOutput>[] => [
  { title: 'ID', value: ({ run_id }) => short(run_id), style: () => 'cyan' },
  { title: 'STATUS', value: ({ status }) => status, style: statusStyle },
  { title: 'AGE', value: ({ created_at }) => ageIn(screen, created_at) },
  { title: 'AGENT', value: ({ agent_id }) => agent_id },
  { title: 'FOR', value: ({ user_id }) => user_id ?? '-', isExtra: true },
  { title: 'INPUT', value: ({ run_input }) => run_input, shrinks: true },
];

const showRun = (on: On): Command =>
  new Command('show')
    .description('Shows one run: its calls, what it waits for, and its answer.')
    .argument('<run>', 'its id, or the beginning of it')
    .action(
      on(async ({ screen, client }, id: string) => {
        screen.show(await client.runs.get(await runId(client, id)), (run) => runText(screen, run));
      }),
    );

const followRun = (on: On): Command =>
  new Command('follow')
    .description('Shows what happens in a run, from its beginning to its end; the answer is printed.')
    .argument('<run>', 'its id, or the beginning of it')
    .addOption(untilPaused())
    .addOption(withoutAsking())
    .addOption(patienceOption())
    .action(
      on(async (context, id: string, choices: FollowChoices) =>
        new RunFollower(context, choices).follow(await runId(context.client, id)),
      ),
    );

const retryRun = (on: On): Command =>
  new Command('retry')
    .description('Has a run that ended in ERROR go on from its last step. No call is made again.')
    .argument('<run>', 'its id, or the beginning of it')
    .action(
      on(async ({ screen, client }, id: string) => {
        const run = await client.runs.retry(await runId(client, id));
        screen.show(run, ({ run_id, status }) => [`${run_id} is ${screen.paint(statusStyle({ status }), status)}`]);
      }),
    );

const cancelRun = (on: On): Command =>
  new Command('cancel')
    .description('Cancels a run and its pending approvals. A call under way may finish.')
    .argument('<run>', 'its id, or the beginning of it')
    .option('-m, --reason <text>', 'why')
    .action(
      on(async ({ screen, client }, id: string, { reason }: { reason?: string }) => {
        const run = await client.runs.cancel(await client.runs.get(await runId(client, id)), reason);
        screen.show(run, ({ run_id, status }) => [`${run_id} is ${screen.paint(statusStyle({ status }), status)}`]);
      }),
    );
