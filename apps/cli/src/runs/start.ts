import type { CountersignClient } from '@countersign/client';
import { Command, Option } from 'commander';
import type { Context, On } from '../connection/context.js';
import { exitCodes, Failure, type ExitCode } from '../connection/exit-codes.js';
import { patienceOption, textOf, wholeNumber } from '../connection/options.js';
import { RunFollower, type FollowChoices } from './run-follower.js';

interface StartOptions extends FollowChoices {
  agent?: string;
  session?: string;
  user?: string;
  deadlineIn?: number;
  follow?: boolean;
}

export const untilPaused = (): Option =>
  new Option('--until-paused', 'follow until the run waits for a decision, then exit with 8');
export const withoutAsking = (): Option =>
  new Option('--no-ask', 'do not ask here to decide on what the run wants to do');

/** `countersign run`, and `countersign runs start`. */
export const startCommand = (on: On, name: string): Command =>
  new Command(name)
    .description('Starts a run of an agent.')
    .argument('<input>', 'what the agent is to do: text or @file')
    .option('-a, --agent <id>', 'the agent; needed where there are several')
    .option('-f, --follow', 'show what happens, ask for decisions, and print the answer')
    .addOption(untilPaused())
    .addOption(withoutAsking())
    .option('--session <id>', 'of which it is the next run')
    .option('--user <id>', 'on whose behalf, for administrators')
    .option('--deadline-in <seconds>', 'when it ends, however far it is', wholeNumber)
    .addOption(patienceOption())
    .addHelpText(
      'after',
      `
Examples:
  countersign ${name} --agent ops --follow 'Deploy search 3.1.0 to production.'
  answer=$(countersign ${name} --agent ops --follow @task.txt)    # just the answer; steps go to standard error`,
    )
    .action(on(start));

async function start(context: Context, input: string, options: StartOptions): Promise<ExitCode> {
  const { screen, client } = context;
  const agent = options.agent ?? (await onlyAgent(client));
  const run = await client.runs.start(agent, {
    input: textOf(input),
    session_id: options.session,
    user_id: options.user,
    deadline_in: options.deadlineIn,
  });
  if (options.follow || options.untilPaused) return new RunFollower(context, options).follow(run.run_id);
  screen.show(run, ({ run_id }) => [run_id]);
  if (!screen.json && screen.isWatched)
    screen.note(screen.tint('dim', `Started. See what happens: countersign runs follow ${run.run_id}`));
  return exitCodes.ok;
}

async function onlyAgent(client: CountersignClient): Promise<string> {
  const agents = (await client.agents.list()).map(({ id }) => id);
  if (agents.length === 1) return agents[0]!;
  throw new Failure(exitCodes.usage, `Which agent? Name it with --agent: ${agents.join(', ')}.`);
}
