import { configs, settings, type Setting } from './settings.js';

/** Each takes what those before it have left. */
const sections: [title: string, isIn: (setting: Setting) => boolean][] = [
  ['Kafka', ({ name }) => name.startsWith('KAFKA_')],
  ['Who is recognised', ({ name }) => name === 'ADMIN_KEY' || name.startsWith('AUTH_')],
  ['Limits on HTTP requests', ({ name }) => name.startsWith('HTTP_') || name === 'RATE_LIMIT_PER_MINUTE'],
  ['Traces', ({ name }) => name.startsWith('OTEL_')],
  ['Signatures', ({ name }) => /_(SIGNING_KEYS|VERIFICATION_KEYS|REQUESTS|COMMANDS)$/.test(name)],
  ['agent-runner', ({ services }) => services.join() === 'agent-runner'],
  ['approval-service', ({ services }) => services.join() === 'approval-service'],
  ['executor', ({ services }) => services.join() === 'executor'],
  ['audit', ({ services }) => services.join() === 'audit'],
];

/** The reference of all settings, in Markdown: `docs/settings.md`. */
export function settingsReference(): string {
  let left = settings;
  const chosen = sections.map(([title, isIn]): [string, Setting[]] => {
    const here = left.filter(isIn);
    left = left.filter((setting) => !isIn(setting));
    return [title, here];
  });
  const all: [string, Setting[]][] = [['General', left], ...chosen];
  const contents = all.map(([title]) => `[${title}](#${title.toLowerCase().replaceAll(' ', '-')})`);
  return [
    '# Settings',
    '',
    'Generated from the schemas of the settings; `npx vitest run -u --project tools` regenerates it.',
    '',
    'Settings are environment variables. An empty one counts as unset. A service refuses to start with wrong settings, and',
    'names all of them at once. `npm start`, which is all services in one process, has the settings of each of them.',
    'A setting marked † may stand in a file instead: `NAME_FILE` is then the path of that file.',
    'The settings of the [command line](cli.md) and of [`npm run infra`](getting-started.md) are on their own pages.',
    '',
    `There are ${settings.length}: ${contents.join(' · ')}`,
    ...all.flatMap(([title, here]) => section(title, here)),
    '',
  ].join('\n');
}

function section(title: string, here: readonly Setting[]): string[] {
  const differs = here.some(({ services }) => services.join() !== here[0]!.services.join());
  const rows = here.map((setting) => row(setting, differs));
  const heading = ['setting', 'default', 'unit or values', 'meaning', 'example', ...(differs ? ['of'] : [])];
  return [
    '',
    `## ${title}`,
    '',
    ...[heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
  ];
}

function row(setting: Setting, withServices: boolean): string[] {
  const { name, services, about, preset } = setting;
  const isOfAll = services.length === Object.keys(configs).length;
  return [
    `\`${name}\`${about.secret ? '&nbsp;†' : ''}`,
    about.unset ?? `\`${preset}\``,
    valuesOf(setting),
    about.description ?? '',
    `\`${about.example}\``,
    ...(withServices ? [isOfAll ? 'all' : services.join(', ')] : []),
  ];
}

function valuesOf({ about: { unit }, values, isFlag }: Setting): string {
  if (values.enum) return values.enum.map((value) => `\`${value}\``).join(', ');
  if (isFlag) return '`true`, `false`';
  if (unit === undefined) return '';
  const { minimum: least, exclusiveMinimum: above, maximum = Infinity } = values;
  const most = maximum < Number.MAX_SAFE_INTEGER ? shown(maximum) : undefined;
  if (above !== undefined) return `${unit}, more than ${above}${most ? `, at most ${most}` : ''}`;
  return `${unit}, ${shown(least ?? 0)} ${most ? `to ${most}` : 'or more'}`;
}

const shown = (bound: number): string => bound.toLocaleString('en-US');
