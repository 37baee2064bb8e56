import type { LogRebuilt, RecordRebuilt, StoreRebuilt } from '@countersign/doctor';
import { atMillis, type EpochMillis } from '@countersign/contracts/time';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';

interface RebuildFlags {
  dryRun?: boolean;
  until?: string;
}

export const rebuildCommand = (on: On): Command =>
  new Command('rebuild')
    .summary('Rebuilds the store from the log, or the log from the store, while no service runs.')
    .description(
      'Rebuilds what was lost from what is left, in the environment of a service and while none runs. Nothing is executed until a person has compared the records with the targets: `countersign recover --finish`.',
    )
    .addCommand(
      new Command('store')
        .description('Adds the records that the log proves and the store lacks; what the store has stays as it is.')
        .option('--dry-run', 'says what would be added')
        .option('--until <time>', 'as of this time, such as 2026-11-28T09:00:00Z; calls that were made later are kept')
        .action(
          on(async ({ environment, screen }, { dryRun = false, until }: RebuildFlags) => {
            const options = { dryRun, until: timeOf(until) };
            const rebuild = await open(environment.env);
            const spinner = screen.spinner();
            let read = 0;
            spinner.start(() => `Reading the log: ${Math.floor(100 * read)} %`);
            try {
              const found = await rebuild.store({ ...options, progress: (share) => (read = share) });
              spinner.stop();
              screen.show(found, storeLines);
            } finally {
              spinner.stop();
              await rebuild.close();
            }
          }),
        ),
    )
    .addCommand(
      new Command('log')
        .description('Has what waits in the store be published again into a log that is empty, and says what is not.')
        .option('--dry-run', 'says what would be published again')
        .option('--until <time>', 'as of this time: runs that began later end; calls that were made are kept')
        .action(
          on(async ({ environment, screen }, { dryRun = false, until }: RebuildFlags) => {
            const options = { dryRun, until: timeOf(until) };
            const rebuild = await open(environment.env);
            try {
              screen.show(await rebuild.log(options), logLines);
            } finally {
              await rebuild.close();
            }
          }),
        ),
    )
    .addCommand(
      new Command('record')
        .description(
          'Adds to the record of audit what it lacks and its topic has, as the checkpoints say that are signed.',
        )
        .option('--dry-run', 'says what would be added')
        .requiredOption('--trust <key>', 'the key of the record, as `audit key` showed it')
        .action(
          on(async ({ environment, screen }, { dryRun = false, trust }: RebuildFlags & { trust: string }) => {
            const rebuild = await open(environment.env);
            try {
              screen.show(await rebuild.record({ dryRun, trust }), recordLines);
            } finally {
              await rebuild.close();
            }
          }),
        ),
    );

async function open(env: Readonly<Record<string, string | undefined>>) {
  const { openRebuild } = await import('@countersign/doctor').catch(() => {
    throw new Failure(
      exitCodes.failed,
      'This takes @countersign/doctor, which is not here. Run it where a service is.',
    );
  });
  return openRebuild(env);
}

function timeOf(text: string | undefined): EpochMillis | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  // Without a zone it would be another time on another machine.
  if (Number.isNaN(time) || !/T.*(Z|[+-]\d\d:\d\d)$/.test(text))
    throw new Failure(exitCodes.usage, '--until takes a time with its zone, such as 2026-11-28T09:00:00Z.');
  return atMillis(time);
}

function storeLines(found: StoreRebuilt): string[] {
  const { dry_run, runs, approvals, executions, outcome_unknown, runs_lost, not_believed, not_believed_count } = found;
  const since = found.log_since_ms === null ? 'nothing' : `since ${new Date(found.log_since_ms).toISOString()}`;
  const line = (what: string, { rebuilt, there }: StoreRebuilt['runs']) =>
    `${what.padEnd(12)}${rebuilt} ${dry_run ? 'would be added' : 'added'}, ${there} already there`;
  return [
    `The log has ${found.messages} messages, ${since}; ${found.unreadable} of them cannot be read.`,
    line('runs', runs),
    line('approvals', approvals),
    line('executions', executions),
    ...some('Without an outcome on the log, for a person to find out', outcome_unknown),
    ...some('Runs that were under way and cannot go on: what was said in them is not on the log', runs_lost),
    ...some(
      `Not believed: ${not_believed_count}`,
      not_believed.map(({ event, id, reason }) => `${event} ${id}: ${reason}`),
    ),
    'Never on the log: conversations, comments, grants, keys, sessions, kill switches, what was sent to people. For the record of audit: `countersign rebuild record`.',
    ...next(dry_run),
  ];
}

function logLines(found: LogRebuilt): string[] {
  const { dry_run, asked_again, ended, ended_count, runs_waiting, approvals_waiting, executions_waiting, over } = found;
  return [
    `${runs_waiting} runs, ${approvals_waiting} approvals and ${executions_waiting} executions are not over.`,
    ...some('Runs that ask again for what they wait for, as soon as the services run', asked_again),
    ...some(`Runs that began later and end, with what has not begun for them: ${ended_count}`, ended),
    `Not published again: what became of ${over.runs} runs, ${over.approvals} approvals and ${over.executions} executions that are over, and commands of others that the log lost.`,
    ...next(dry_run),
  ];
}

function recordLines(found: RecordRebuilt): string[] {
  const { dry_run, rebuilt, there, covered, without_text, not_believed } = found;
  const size = there + rebuilt;
  return [
    `${rebuilt} entries ${dry_run ? 'would be added' : 'added'}, ${there} already there. A signed checkpoint is of the first ${covered}.`,
    ...(size > covered ? [`The last ${size - covered} are as whoever may write to the topic has it.`] : []),
    ...(without_text > 0
      ? [`${without_text} were too large for the topic: their hash is there, and not what they say.`]
      : []),
    ...(not_believed > 0 ? [`${not_believed} messages are not of this record.`] : []),
    ...(dry_run ? [] : ['What is not on the topic comes again when the group audit is reset to the beginning.']),
  ];
}

const some = (title: string, ids: readonly string[]): string[] =>
  ids.length > 0 ? [`${title}:`, ...ids.map((id) => `  ${id}`)] : [];

const next = (dryRun: boolean): string[] =>
  dryRun
    ? []
    : ['Start the services with EXECUTION_HOLD, compare with the targets, then: countersign recover --finish'];
