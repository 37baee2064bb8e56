import { DeadLetterStatus, type DeadLetter, type DeadLetterSummary } from '@countersign/contracts/event-log';
import { parseStrictJson } from '@countersign/contracts/json';
import { visibleText } from '@countersign/contracts/text';
import { Command } from 'commander';
import { ageIn } from '../terminal/age.js';
import type { Context, On } from '../connection/context.js';
import { oneOf, paged, type PageOptions } from '../connection/options.js';
import { showPage } from '../terminal/page.js';
import type { Screen } from '../terminal/screen.js';
import { statusStyle } from './status.js';
import { fields, type Column } from '../terminal/table.js';
import { when } from '../terminal/words.js';

export const deadLettersCommand = (on: On): Command =>
  new Command('dead-letters')
    .description('Messages that a service could not handle.')
    .addCommand(listDeadLetters(on))
    .addCommand(showDeadLetter(on))
    .addCommand(settle(on, 'replay', 'Puts a message back where it was, to be handled again.'))
    .addCommand(settle(on, 'discard', 'Discards a message that needs no redelivery.'));

interface ListOptions extends PageOptions {
  status: DeadLetterStatus;
  all?: boolean;
  topic?: string;
  group?: string;
  code?: string;
}

const listDeadLetters = (on: On): Command =>
  paged(
    new Command('list')
      .description('Lists dead letters, newest first; by default those that are open.')
      .addOption(oneOf('-s, --status <status>', 'with this status', DeadLetterStatus.options).default('open'))
      .option('-a, --all', 'with any status')
      .option('--topic <topic>', 'that were on this topic')
      .option('--group <group>', 'that this service could not handle')
      .option('--code <code>', 'for this reason, such as invalid_data'),
  ).action(
    on(async ({ screen, client }, { status, all, ...rest }: ListOptions) => {
      const query = { ...rest, status: all ? undefined : status };
      const page = await client.deadLetters.list(query);
      showPage(screen, page, columns(screen), 'dead letter');
    }),
  );

const columns = (screen: Screen): Column<DeadLetterSummary>[] => [
  { title: 'ID', value: ({ id }) => id, style: () => 'cyan' },
  { title: 'STATUS', value: ({ status }) => status, style: statusStyle },
  { title: 'AGE', value: ({ given_up_at }) => ageIn(screen, given_up_at) },
  { title: 'GROUP', value: ({ group }) => group },
  { title: 'TOPIC', value: ({ topic }) => topic, style: () => 'bold' },
  { title: 'CODE', value: ({ code }) => code ?? '' },
  { title: 'REASON', value: ({ reason }) => reason, shrinks: true },
];

const showDeadLetter = (on: On): Command =>
  new Command('show')
    .description('Shows one dead letter with all that was in it.')
    .argument('<dead-letter>', 'its id')
    .action(
      on(async ({ screen, client }, id: string) => {
        screen.show(await client.deadLetters.get(id), (letter) => letterText(screen, letter));
      }),
    );

function letterText(screen: Screen, letter: DeadLetter): string[] {
  const { settled_at, settled_by, headers, value } = letter;
  return [
    `${screen.paint('bold', visibleText(letter.topic))}  ${screen.paint(statusStyle(letter), letter.status)}`,
    '',
    ...fields(screen, {
      'Dead letter': letter.id,
      Group: letter.group,
      Code: letter.code,
      Reason: letter.reason,
      'Given up': when(letter.given_up_at),
      Place: `partition ${letter.partition}, offset ${letter.offset}`,
      Key: letter.key,
      Settled: settled_at === null ? null : `${when(settled_at)}, by ${settled_by ?? 'the system'}`,
      Note: letter.note,
      ...headers,
    }),
    '',
    ...visibleText(value === null ? '(no value)' : pretty(Buffer.from(value, 'base64').toString())).split('\n'),
  ];
}

/** JSON in lines; anything else, and JSON that this would change, as it is. */
function pretty(text: string): string {
  const read = parseStrictJson(text);
  return read.ok ? JSON.stringify(read.value, null, 2) : text;
}

const settle = (on: On, verb: 'replay' | 'discard', description: string): Command =>
  new Command(verb)
    .description(description)
    .argument('<dead-letters...>', 'their ids')
    .option('-m, --note <text>', 'why')
    .action(
      on(async ({ screen, client }: Context, ids: string[], { note }: { note?: string }) => {
        for (const id of ids) {
          const letter = await client.deadLetters[verb](id, note);
          screen.showNext(letter, ({ status, topic }) => [
            `${screen.paint('green', '✔')} ${id}  ${status}  ${visibleText(topic)}`,
          ]);
        }
      }),
    );
