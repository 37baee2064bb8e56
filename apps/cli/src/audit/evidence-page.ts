import { marked } from '@countersign/contracts/text';
import type { Report } from '@countersign/evidence';

/** A report as a page of its own, to be handed to an auditor: it loads nothing. */
export function evidencePage(report: Report): string {
  const body = report.holds
    ? whatHolds(report)
    : [
        `<p class="bad">It does not hold: ${safe(report.message)}</p>`,
        `<p>${safe(report.code)}${report.line === null ? '' : `, line ${report.line}`}</p>`,
      ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Evidence</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem;border-bottom:1px solid #ccc}.good{color:#060}.bad{color:#a00}</style>
<h1>Evidence</h1>
${body.join('\n')}
</html>
`;
}

/** What evidence that holds is not whole by. */
export const faultsOf = ({ missing, repeated }: Extract<Report, { holds: true }>): string[] => [
  ...missing.map(({ id, line }) => `Incomplete: the event ${id} is not on record, as line ${line} shows.`),
  ...repeated.map(({ id, line }) => `Contradiction: another event before line ${line} is ${id} as well.`),
];

export const unnumberedText = (count: number): string =>
  `${count} events have no number: nothing shows whether others of then are missing that no event names.`;

const whatHolds = (report: Extract<Report, { holds: true }>): string[] => {
  const { run_id, origin, size, entries, calls, rules, agents, notes, unnumbered } = report;
  return [
    `<p class="good">Run ${safe(run_id)}: all ${entries.length} entries are there, unchanged, in the record ${safe(origin)} of ${size}.</p>`,
    '<h2>Calls</h2>',
    table(
      ['tool', 'asked for by', 'allowed by', 'rules', 'start signed by', 'outcome', 'digest'],
      calls.map((call) => [
        call.tool_name,
        call.requested_by ?? '',
        call.break_glass
          ? `${call.break_glass.by} of ${call.break_glass.group} alone: glass was broken`
          : call.approved_by.length > 0
            ? call.approved_by.join(', ')
            : call.basis,
        call.rules_version ?? '',
        call.start_signed_by,
        call.outcome,
        call.digest,
      ]),
    ),
    ...faultsOf(report).map((fault) => `<p class="bad">${safe(fault)}</p>`),
    ...(unnumbered > 0 ? [`<p>${unnumberedText(unnumbered)}</p>`] : []),
    ...notes.map((note) => `<p>${safe(note)}</p>`),
    ...rules.flatMap(({ version, rules: declared }) => [`<h2>Rules ${safe(version)}</h2>`, written(declared)]),
    ...agents.flatMap(({ version, definition }) => [`<h2>Agent ${safe(version)}</h2>`, written(definition)]),
    '<h2>Entries</h2>',
    table(
      ['', 'time', 'event', 'from'],
      entries.map(({ sequence, time, type, source }) => [String(sequence), time, type, source]),
    ),
  ];
};

const written = (value: object): string =>
  `<pre>${JSON.stringify(value, null, 2).split('\n').map(safe).join('\n')}</pre>`;

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><tr>${heads.map((head) => `<th>${safe(head)}</th>`).join('')}</tr>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${safe(cell)}</td>`).join('')}</tr>`)
    .join('\n')}</table>`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const safe = (text: string): string => marked(text).replace(/[&<>"']/g, (char) => entities[char]!);
