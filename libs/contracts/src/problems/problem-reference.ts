import { problemGroups } from './catalogue.js';
import { commandRefusals } from './command-refusals.js';
import { messageRefusals } from './dead-letter-codes.js';
import { hintActions } from './hints.js';

/** The reference of problems for people, in Markdown: `docs/problems.md`. */
export function problemReference(): string {
  return [
    '# Problems',
    '',
    'Generated from `libs/contracts/src/problems/catalogue.ts`; `npx vitest run -u --project contracts` regenerates it.',
    '',
    'Every error over HTTP is a problem of RFC 9457, `application/problem+json`. Its `code` says what is wrong and never',
    'changes its meaning; `type` is `urn:countersign:problem:` and the code. `detail` is for people: it may say something',
    'else in the next version. `hint`, where there is one, says what to do: an `action`, and the `id` of what it is done to.',
    'The results of bulk decisions and events that refuse a command, such as `run.refused`, have the same codes.',
    ...Object.entries(problemGroups).flatMap(([title, group]) => [
      '',
      `## ${title}`,
      '',
      '| code | status | says | hint |',
      '|---|---|---|---|',
      ...Object.entries(group).map(([code, { status, says, ...entry }]) => {
        const hint = 'hint' in entry ? `\`${String(entry.hint)}\`` : '';
        return `| \`${code}\` | ${status} | ${says} | ${hint} |`;
      }),
    ]),
    '',
    '## Commands over the bus',
    '',
    'Beside the codes of problems and of dead letters, events that refuse a command have these:',
    '',
    '| code | says |',
    '|---|---|',
    ...Object.entries(commandRefusals).map(([code, says]) => `| \`${code}\` | ${says} |`),
    '',
    '## Dead letters',
    '',
    'The `code` of a dead letter says why a message can never be handled. It is one of these, of those of commands, or of',
    'a problem where it is the same: `not_json` of a value that is no JSON, `internal_error` of an unexpected error, which',
    "the service's log has. One that was stored before there were codes has none.",
    '',
    '| code | says |',
    '|---|---|',
    ...Object.entries(messageRefusals).map(([code, says]) => `| \`${code}\` | ${says} |`),
    '',
    '## What to do',
    '',
    '| action | id of | request | says |',
    '|---|---|---|---|',
    ...Object.entries(hintActions).map(
      ([name, { of, http, says }]) => `| \`${name}\` | ${of ?? ''} | ${http === null ? '' : `\`${http}\``} | ${says} |`,
    ),
    '',
  ].join('\n');
}
