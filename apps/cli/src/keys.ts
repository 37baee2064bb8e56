import { ApiKeyView, Role } from '@countersign/auth';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import type { Surroundings } from './program.js';
import { Server, type ServerOptions } from './server.js';

interface NewKey extends ServerOptions {
  name: string;
  subject: string;
  role: Role[];
  group?: string[];
  expiresIn?: number;
}

/** Keys of programs and people. */
export function keysCommand(surroundings: Surroundings): Command {
  const { out } = surroundings;
  const create = onServer('create')
    .description('Makes a key and prints it, this once.')
    .requiredOption('--name <name>', 'for people: what it is for')
    .requiredOption('--subject <subject>', 'whom it speaks for, as records and rules name them')
    .requiredOption('--role <role...>', `of ${Role.options.join(', ')}`, roles)
    .option('--group <group...>', 'groups that rules name')
    .option('--expires-in <seconds>', 'for ever unless given', Number)
    .action(async ({ name, subject, role, group = [], expiresIn, ...server }: NewKey) => {
      const wanted = { name, subject, roles: role, groups: group, expires_in: expiresIn ?? null };
      const made = await new Server(server, surroundings).ask(Created, 'POST', '/auth/keys', wanted);
      out(made.key);
    });
  const list = onServer('list')
    .description('Lists keys, without their secrets.')
    .action(async (server: ServerOptions) => {
      for (const key of await new Server(server, surroundings).ask(z.array(ApiKeyView), 'GET', '/auth/keys')) {
        out([key.id, key.subject, key.roles.join(','), stateOf(key), key.name].join('  '));
      }
    });
  const revoke = onServer('revoke')
    .description('Ends a key and the sessions that were begun with it.')
    .argument('<id>')
    .action(async (id: string, server: ServerOptions) => {
      await new Server(server, surroundings).ask(z.undefined(), 'DELETE', `/auth/keys/${encodeURIComponent(id)}`);
      out(`${id} is revoked`);
    });
  return new Command('keys').description('Who may do what.').addCommand(create).addCommand(list).addCommand(revoke);
}

const Created = z.object({ key: z.string() });

const onServer = (name: string): Command =>
  new Command(name)
    .option('--url <url>', 'of the approval service, or of npm start (COUNTERSIGN_URL)')
    .option('--key <key>', 'with the role admin (COUNTERSIGN_KEY, or the one that npm start keeps)');

function roles(value: string, earlier: Role[] = []): Role[] {
  const parsed = Role.safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError(`The roles are ${Role.options.join(', ')}.`);
  return [...earlier, parsed.data];
}

const stateOf = ({ revoked_at, expires_at }: ApiKeyView): string => {
  if (revoked_at !== null) return 'revoked';
  return expires_at === null ? 'works' : `until ${new Date(expires_at * 1000).toISOString()}`;
};
