import { always, checkTemplate, passesOn, type Parametric } from '../checks/template.js';
import { executeWays, type ExecuteEntry } from './execute.js';
import { executeKinds, type ExecuteKind } from './kinds.js';
import type { ChangeWindow, TermsEntry } from './terms.js';
import type { ToolEntry } from '../schema/file.js';
import type { Path, Problem } from '../load/source.js';
import type { Placeholder } from '../templates/template.js';

/** What is wrong with how a tool's calls are made. */
export const checkExecute = (execute: ExecuteEntry, tool: ToolEntry, path: Path): Problem[] => [
  ...checkAdapter(execute, tool, path),
  ...checkTerms(execute, tool, path, tool.redact),
];

function checkAdapter(execute: ExecuteEntry, tool: ToolEntry, path: Path): Problem[] {
  const chosen = executeWays.filter((name) => execute[name]);
  if (chosen.length !== 1) {
    const found = chosen.length === 0 ? '' : `, and this has ${chosen.join(' and ')}`;
    return [{ path, message: `must have exactly one of ${executeWays.join(', ')}${found}` }];
  }
  return kindChecks.flatMap(({ name, checks }) => (execute[name] ? checks(execute[name], tool, [...path, name]) : []));
}

/** Of each kind, for the entry that has its name: the schema has seen to the shape. */
const kindChecks: readonly { name: ExecuteKind; checks(entry: unknown, tool: Parametric, path: Path): Problem[] }[] =
  executeKinds;

/**
 * What is wrong with the terms on which calls are made.
 *
 * @param tool undefined where only the server knows its parameters.
 * @param redact names of arguments that people are not shown.
 */
export function checkTerms(
  terms: TermsEntry,
  tool: Parametric | undefined,
  path: Path,
  redact: readonly string[],
): Problem[] {
  const { concurrency_key, retry, wait = 0, start_within } = terms;
  const problems = checkWindows(terms, path);
  if (retry.delay > retry.max_delay)
    problems.push({ path: [...path, 'retry', 'delay'], message: `is longer than max_delay, ${retry.max_delay} s` });
  if (start_within !== undefined && start_within <= wait)
    problems.push({ path: [...path, 'start_within'], message: 'is over before wait is: no call would ever begin' });
  if (concurrency_key === undefined) return problems;
  const objection = tool
    ? always(tool, passesOn(tool, 'env'), 'is part of the key')
    : ({ scope, name }: Placeholder) =>
        scope === 'arguments' || scope === 'env' ? undefined : `{{${scope}.${name}}} has no value here`;
  const shown = (placeholder: Placeholder) =>
    objection(placeholder) ?? (isRedacted(placeholder, redact) ? inClear(placeholder) : undefined);
  return [...problems, ...checkTemplate(concurrency_key, [...path, 'concurrency_key'], shown)];
}

const isRedacted = ({ scope, name }: Placeholder, redact: readonly string[]): boolean =>
  scope === 'arguments' && redact.includes(name);

const inClear = ({ scope, name }: Placeholder): string =>
  `{{${scope}.${name}}} is under redact, and a key is shown to people: make the key of other arguments`;

const checkWindows = ({ change_windows = [] }: TermsEntry, path: Path): Problem[] =>
  change_windows.flatMap((window, n) => checkWindow(window, [...path, 'change_windows', n]));

/** Hours of the day are of a zone that is known. */
export function checkWindow({ time_zone }: Pick<ChangeWindow, 'time_zone'>, path: Path): Problem[] {
  if (isTimeZone(time_zone)) return [];
  const message = `"${time_zone}" is not known as a time zone: use an IANA name such as Europe/Berlin`;
  return [{ path: [...path, 'time_zone'], message }];
}

function isTimeZone(timeZone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}
