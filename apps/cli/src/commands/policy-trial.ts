import type { CountersignClient } from '@countersign/client';
import type { Approval } from '@countersign/contracts/approvals';
import { titleLine } from '@countersign/contracts/presentation';
import { markedLine } from '@countersign/contracts/text';
import { systemClock, toEpochSeconds, after } from '@countersign/contracts/time';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import { approvalId, prefixLength } from '../connection/ids.js';
import { table } from '../terminal/table.js';
import { plural } from '../terminal/words.js';

const pageSize = 500;

export const backtestPolicy = (on: On): Command =>
  new Command('backtest')
    .description('Evaluates the rules of a file on past calls. Nothing is decided by it.')
    .argument('<file>', 'with the new rules')
    .option('--since <duration>', 'how far back, such as 7d', '30d')
    .action(
      on(async ({ screen, client }, file: string, { since }: { since: string }) => {
        const { Duration, readDefinitions } = await import('@countersign/definitions');
        const { backtest } = await import('@countersign/definitions/policy');
        const { data: seconds, error } = Duration.safeParse(since);
        if (seconds === undefined) throw new Failure(exitCodes.usage, `--since ${error!.issues[0]!.message}`);
        const definitions = readDefinitions(file);
        const approvals = await allSince(client, after(toEpochSeconds(systemClock()), -seconds));
        const result = backtest(definitions, approvals);
        const calls = new Map(approvals.map((approval) => [approval.id, titleLine(approval)]));
        const length = prefixLength(result.otherwise.map(({ id }) => id));
        screen.show({ since, ...result }, ({ total, otherwise }) => [
          `Over ${since} ${otherwise.length} of ${plural(total, 'call')} would have been decided otherwise.`,
          ...(otherwise.length === 0
            ? []
            : table(
                screen,
                [
                  { title: 'ID', value: ({ id }) => id.slice(0, length), style: () => 'cyan' },
                  { title: 'THEN', value: ({ then }) => inWords(then) },
                  { title: 'NOW', value: ({ now }) => inWords(now), style: (each) => (each.isLaxer ? 'red' : 'green') },
                  { title: 'ASKS', value: ({ isLaxer }) => (isLaxer ? 'less' : 'more or other') },
                  { title: 'CALL', value: ({ id }) => calls.get(id)!, shrinks: true },
                ],
                otherwise,
              )),
        ]);
      }),
    );

interface Ruling {
  outcome: string;
  rule: string | null;
  approvals: number | null;
}

const inWords = ({ outcome, rule, approvals }: Ruling): string =>
  `${approvals === null ? outcome : plural(approvals, 'person', 'people')} (${rule ?? 'default'})`;

/** What a list leaves out of arguments is read one by one: rules look at all of them. */
async function allSince(client: CountersignClient, created_after: Approval['created_at']): Promise<Approval[]> {
  const approvals: Approval[] = [];
  let cursor: string | undefined;
  do {
    const { data, meta } = await client.approvals.list({ created_after, limit: pageSize, ...(cursor && { cursor }) });
    for (const approval of data)
      approvals.push(isRedacted(approval) ? await client.approvals.get(approval.id) : approval);
    cursor = meta.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return approvals;
}

const isRedacted = ({ requirements }: Approval): boolean =>
  requirements.some(({ tool_execution }) => tool_execution.redact.length > 0);

export const explainPolicy = (on: On): Command =>
  new Command('explain')
    .description('Explains rule by rule what a file makes of the call of an approval, and what would change it.')
    .argument('<approval>', 'its id, or the beginning of it')
    .option('-c, --config <file>', 'the file; default: COUNTERSIGN_CONFIG, else ./countersign.yaml')
    .action(
      on(async ({ screen, client, environment: { env } }, named: string, { config }: { config?: string }) => {
        const { readDefinitions } = await import('@countersign/definitions');
        const { explain, policySetOf } = await import('@countersign/definitions/policy');
        const approval = await client.approvals.get(await approvalId(client, named));
        const { approved_args, tool_args } = approval;
        const definitions = readDefinitions(config ?? (env['COUNTERSIGN_CONFIG'] || 'countersign.yaml'));
        const call = { ...approval, arguments: approved_args ?? tool_args };
        screen.show(explain(policySetOf(definitions), call), ({ rules, result }) => [
          screen.paint('bold', titleLine({ ...approval, tool_args: call.arguments })),
          ...rules.map(({ name, matches, wants, counts }) => {
            const mark = counts ? screen.paint('green', '●') : screen.paint('dim', '○');
            const why = wants.length === 0 ? '' : `: it wants ${wants.map(markedLine).join('; ')}`;
            return `${mark} ${name}  ${says[String(matches)]}${why}`;
          }),
          `→ ${result.outcome} by ${result.rule ?? 'the default'}${result.reason === null ? '' : `: ${result.reason}`}`,
        ]);
      }),
    );

const says: Record<string, string> = {
  true: 'matches',
  false: 'is about other calls',
  unknown: 'may match, which is open',
};
