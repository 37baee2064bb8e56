import { AuditExportFormat } from '@countersign/contracts/audit';
import { marked } from '@countersign/contracts/text';
import { verifyEvidence, type Report } from '@countersign/evidence';
import { Command, Option } from 'commander';
import { readFile, writeFile } from 'node:fs/promises';
import type { On } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import type { Screen } from '../terminal/screen.js';
import { listHolds, placeHold, releaseHold } from './holds.js';
import { checkContinues } from './check.js';
import { evidencePage, faultsOf, unnumberedText } from './evidence-page.js';

/** The record: what happened, and how to prove it to somebody who has nothing but a file and a key. */
export const auditCommand = (on: On): Command =>
  new Command('audit')
    .description('The record of all that happened, and what proves it.')
    .addCommand(exportEvidence(on))
    .addCommand(verify(on))
    .addCommand(check(on))
    .addCommand(entries(on))
    .addCommand(key(on))
    .addCommand(placeHold(on))
    .addCommand(releaseHold(on))
    .addCommand(listHolds(on));

const exportEvidence = (on: On): Command =>
  new Command('export')
    .description('Writes all that is on record of a run, with what proves it, to the standard output.')
    .requiredOption('--run <id>', 'the run')
    .action(
      on(async ({ client, environment }, { run }: { run: string }) => {
        environment.stdout.write(new TextDecoder().decode(await client.audit.evidence(run)));
      }),
    );

interface EntriesOptions {
  format: AuditExportFormat;
  run?: string;
  actor?: string;
  type?: string;
  since?: string;
  until?: string;
  after?: number;
}

const entries = (on: On): Command =>
  new Command('entries')
    .description('Writes what is on record to the standard output, a line each, for a SIEM.')
    .addOption(new Option('--format <format>', 'how').choices(AuditExportFormat.options).default('ndjson'))
    .option('--run <id>', 'of one run')
    .option('--actor <name>', 'what one person or program did')
    .option('--type <event>', 'of one kind')
    .option('--since <time>', 'not earlier, in ISO 8601 and UTC')
    .option('--until <time>', 'earlier, in ISO 8601 and UTC')
    .option('--after <index>', 'behind this index: the last one that was written before', Number)
    .action(
      on(async ({ client, environment }, { run: run_id, ...query }: EntriesOptions) => {
        for await (const { text } of client.audit.exported({ ...query, run_id, limit: 1_000 }))
          environment.stdout.write(text);
      }),
    );

const key = (on: On): Command =>
  new Command('key')
    .description('The key that verifies evidence. Keep it elsewhere than the evidence.')
    .action(on(async ({ client, screen }) => screen.show(await client.audit.key(), (shown) => [shown.key])));

interface VerifyOptions {
  trust: string;
  html?: string;
}

const verify = (on: On): Command =>
  new Command('verify')
    .description(
      'Verifies evidence without a server. Ends with 1 when something does not hold, and with 9 when something is missing or there twice.',
    )
    .argument('<file>', 'what `audit export` wrote')
    .requiredOption('--trust <key>', 'the key of the record, as `audit key` shows it')
    .option('--html <file>', 'writes the report as a page, too')
    .action(
      on(async ({ screen }, file: string, { trust, html }: VerifyOptions) => {
        const bytes = await readFile(file).catch((error: Error) => {
          throw new Failure(exitCodes.usage, `${file} cannot be read: ${error.message}`);
        });
        const report = await verifyEvidence(bytes, trust).catch((error: Error) => {
          throw new Failure(exitCodes.usage, `--trust: ${error.message}`);
        });
        if (html !== undefined) await writeFile(html, evidencePage(report));
        screen.show(report, () => reportText(screen, report));
        if (!report.holds) return exitCodes.failed;
        return faultsOf(report).length > 0 ? exitCodes.incomplete : exitCodes.ok;
      }),
    );

interface CheckOptions {
  trust: string;
  all?: true;
}

const check = (on: On): Command =>
  new Command('check')
    .description(
      'Compares the record with checkpoints that were kept elsewhere. Ends with 1 when it is not what it was.',
    )
    .argument('<file>', 'checkpoints, a line of JSON each, as AUDIT_CHECKPOINT_FILE has them')
    .requiredOption('--trust <key>', 'the key of the record, as `audit key` showed it')
    .option('--all', 'with each of them; default: with the largest, which covers all before it')
    .action(
      on(async ({ client, screen }, file: string, { trust, all }: CheckOptions) => {
        const text = await readFile(file, 'utf8').catch((error: Error) => {
          throw new Failure(exitCodes.usage, `${file} cannot be read: ${error.message}`);
        });
        const found = await checkContinues(text, trust, client.audit, all);
        const { broken, compared, size } = found;
        screen.show(found, () =>
          broken
            ? [`${screen.paint('red', '✘')} ${marked(broken.message)} (line ${broken.line})`]
            : [`${screen.paint('green', '✔')} A record of ${size} entries goes on from ${compared} checkpoint(s).`],
        );
        return broken ? exitCodes.failed : exitCodes.ok;
      }),
    );

function reportText(screen: Screen, report: Report): string[] {
  if (!report.holds) {
    const where = report.line === null ? '' : ` (line ${report.line})`;
    return [`${screen.paint('red', '✘')} ${marked(report.message)}${where} [${report.code}]`];
  }
  const { run_id, origin, size, entries, calls, notes, unnumbered } = report;
  return [
    `${screen.paint('green', '✔')} Run ${marked(run_id)}: all ${entries.length} entries of ${marked(origin)} are there, unchanged, in a record of ${size}.`,
    ...calls.map((call) => `${screen.paint('green', '✔')} ${callText(call)}`),
    ...faultsOf(report).map((fault) => `${screen.paint('red', '✘')} ${marked(fault)}`),
    ...(unnumbered > 0 ? [`  ${unnumberedText(unnumbered)}`] : []),
    ...notes.map((note) => `  ${marked(note)}`),
  ];
}

function callText({
  tool_name,
  basis,
  break_glass,
  approved_by,
  requested_by,
  arguments_checked,
  start_signed_by,
  outcome,
}: Call): string {
  const glass =
    break_glass && `approved alone by ${marked(break_glass.by)} of ${marked(break_glass.group)}, who broke glass`;
  const who =
    glass ??
    (basis === 'people' ? `approved by ${approved_by.map(marked).join(', ') || 'somebody'}` : `allowed by ${basis}`);
  const asked = requested_by === null ? 'nobody known' : marked(requested_by);
  const checked = arguments_checked
    ? 'exactly the arguments shown'
    : 'arguments are hidden, their digest is that of the decision';
  return `${marked(tool_name)}: asked for by ${asked}, ${who}, ${outcome}; ${checked}; its start is signed by ${marked(start_signed_by)}.`;
}

type Call = Extract<Report, { holds: true }>['calls'][number];
