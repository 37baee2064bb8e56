import { eventNames, isEventName, type EventName } from '@countersign/contracts';
import type { LoggedEvent } from '@countersign/contracts/event-log';
import { visibleLine } from '@countersign/contracts/text';
import { Command, InvalidArgumentError } from 'commander';
import type { Context, On } from '../connection/context.js';
import { followOptions } from '../connection/follow-options.js';
import { patienceOption, wholeNumber, type PatienceOption } from '../connection/options.js';
import type { Screen } from '../terminal/screen.js';
import { clockTime, oneLine } from '../terminal/words.js';

export const eventsCommand = (on: On): Command =>
  new Command('events').description('What has happened, as the log has it.').addCommand(tailEvents(on));

interface TailOptions extends PatienceOption {
  type?: EventName[];
  run?: string;
  last: number;
  /** False for `--no-follow`. */
  follow: boolean;
}

const tailEvents = (on: On): Command =>
  new Command('tail')
    .description('Shows the latest events, and then each that happens, until Ctrl-C.')
    .option('-t, --type <names>', 'only these, separated by commas; `approval.*` names all that begin so', types)
    .option('--run <id>', 'only those of this run')
    .option('-n, --last <count>', 'so many of the past', wholeNumber, 20)
    .option('--no-follow', 'end after those of the past')
    .addOption(patienceOption())
    .action(on(tail));

async function tail({ screen, client }: Context, { type, run, last, ...options }: TailOptions) {
  const query = { type, run_id: run };
  const show = (event: LoggedEvent) => screen.showNext(event, () => [eventText(screen, event)]);
  const [newest] = await client.events.list({ limit: 1 });
  const past = last === 0 ? [] : await client.events.list({ ...query, limit: last });
  past.toReversed().forEach(show);
  if (!options.follow) return;
  const after = (past[0] ?? newest)?.id;
  for await (const event of client.events.stream(query, { ...followOptions(screen, options), after })) show(event);
}

function types(list: string, earlier: EventName[] = []): EventName[] {
  const named = list.split(',').flatMap((name) => {
    const matching = name.endsWith('*')
      ? eventNames.filter((each) => each.startsWith(name.slice(0, -1)))
      : [name].filter(isEventName);
    if (matching.length === 0)
      throw new InvalidArgumentError(`There is no event ${name}. There is: ${eventNames.join(', ')}.`);
    return matching;
  });
  return [...earlier, ...named];
}

function eventText(screen: Screen, { time, type, run_id, data }: LoggedEvent): string {
  const at = screen.width === undefined ? time : clockTime(new Date(time));
  const text = visibleLine(`${run_id ?? '-'}  ${gistOf(data)}`);
  return [screen.paint('dim', at), screen.paint('bold', type.padEnd(usual)), text].join('  ');
}
/** Most names are not longer. */
const usual = 24;

/** What tells one event from another at a glance; `--json` has all of it. */
function gistOf(data: Record<string, unknown>): string {
  const known = (names: string[]) => names.filter((name) => data[name] !== undefined && data[name] !== null);
  const what = known(['agent_id', 'tool_name']).map((name) => String(data[name]));
  const shown = known(['status', 'by', 'resolved_by', 'input', 'content', 'result', 'error', 'reason']);
  const args = data['tool_args'] as Record<string, unknown> | undefined;
  return [...what, oneLine({ ...args, ...Object.fromEntries(shown.map((name) => [name, data[name]])) })]
    .join(' ')
    .trim();
}
