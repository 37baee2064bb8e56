import { ApiKeyView, Role } from '@countersign/contracts/auth';
import { Command, InvalidArgumentError } from 'commander';
import type { On } from '../connection/context.js';
import { wholeNumber } from '../connection/options.js';
import type { Screen } from '../terminal/screen.js';
import { table, type Column } from '../terminal/table.js';
import { timestamp } from '../terminal/words.js';

/** Keys of programs and people. */
export const keysCommand = (on: On): Command =>
  new Command('keys')
    .description('Who may do what.')
    .addCommand(createKey(on))
    .addCommand(listKeys(on))
    .addCommand(revokeKey(on));

interface NewKey {
  name: string;
  subject: string;
  role: Role[];
  group?: string[];
  expiresIn?: number;
}

const createKey = (on: On): Command =>
  new Command('create')
    .description('Makes a key and prints it, this once.')
    .requiredOption('--name <name>', 'for people: what it is for')
    .requiredOption('--subject <subject>', 'whom it speaks for, as records and rules name them')
    .requiredOption('--role <role...>', `of ${Role.options.join(', ')}`, roles)
    .option('--group <group...>', 'groups that rules name')
    .option('--expires-in <seconds>', 'default: no expiry', wholeNumber)
    .action(
      on(async ({ screen, client }, { name, subject, role, group = [], expiresIn }: NewKey) => {
        const wanted = { name, subject, roles: role, groups: group, expires_in: expiresIn ?? null };
        screen.show(await client.auth.createKey(wanted), ({ key }) => [key]);
      }),
    );

const listKeys = (on: On): Command =>
  new Command('list').description('Lists keys, without their secrets.').action(
    on(async ({ screen, client }) => {
      screen.show(await client.auth.keys(), (keys) => table(screen, columns(screen), keys));
    }),
  );

const columns = (screen: Screen): Column<ApiKeyView>[] => [
  { title: 'ID', value: ({ id }) => id, style: () => 'cyan' },
  { title: 'SUBJECT', value: ({ subject, display_name }) => display_name ?? subject },
  { title: 'ROLES', value: ({ roles }) => roles.join(',') },
  { title: 'GROUPS', value: ({ groups }) => groups.join(',') || '-' },
  { title: 'WORKS', value: stateOf, style: (key) => (screen.width && key.revoked_at !== null ? 'dim' : 'green') },
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
];

const stateOf = ({ revoked_at, expires_at }: ApiKeyView): string => {
  if (revoked_at !== null) return 'revoked';
  return expires_at === null ? 'for ever' : `until ${timestamp(expires_at)}`;
};

const revokeKey = (on: On): Command =>
  new Command('revoke')
    .description('Ends a key and the sessions that were begun with it.')
    .argument('<key>', 'its id')
    .action(
      on(async ({ screen, client }, id: string) => {
        await client.auth.revokeKey(id);
        screen.show({ id, revoked: true }, () => [`${id} is revoked`]);
      }),
    );

function roles(value: string, earlier: Role[] = []): Role[] {
  const parsed = Role.safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError(`The roles are ${Role.options.join(', ')}.`);
  return [...earlier, parsed.data];
}
