import { ApiError } from '@countersign/client';
import { Command } from 'commander';
import { text as everythingOf } from 'node:stream/consumers';
import { plainKey, serverToSignInAt } from '../connection/connection.js';
import { clientOf, type Context, type On } from '../connection/context.js';
import { failureOf } from '../connection/failure-of.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import type { Me } from '@countersign/contracts/auth';
import { forgetProfile, saveProfile } from '../connection/profile.js';
import { Questions } from '../terminal/questions.js';

export const loginCommand = (on: On): Command =>
  new Command('login')
    .summary('Keeps a server and a key.')
    .description('Stores a server and a key for this user. A missing key is prompted for, or read from stdin.')
    .action(
      on(async (context) => {
        const { screen, options, environment } = context;
        const url = serverToSignInAt(options, environment.env);
        const key = plainKey(options.key ?? (await promptForKey(context, url)));
        const me = await clientOf({ url, key })
          .auth.me()
          .catch((error: unknown) => {
            throw error instanceof ApiError ? failureOf(error, url) : error;
          });
        const file = saveProfile(environment.env, options.profile ?? 'default', { url, key });
        screen.show({ url, file, ...me }, () => [`Signed in at ${url} as ${nameOf(me)}. The key is in ${file}.`]);
      }),
    );

export const logoutCommand = (on: On): Command =>
  new Command('logout').description('Forgets the server and the key that login keeps.').action(
    on(async ({ screen, options, environment }) => {
      const profile = options.profile ?? 'default';
      if (!forgetProfile(environment.env, profile))
        throw new Failure(exitCodes.missing, `There is no profile "${profile}".`);
      screen.show({ profile, forgotten: true }, () => [`The profile ${profile} is forgotten.`]);
    }),
  );

export const whoamiCommand = (on: On): Command =>
  new Command('whoami').description('Shows server, identity, roles and scopes.').action(
    on(async ({ screen, client, connection: { url } }) => {
      const me = await client.auth.me();
      screen.show({ url: url, ...me }, () => [`${nameOf(me)} at ${url}`, `may ${me.scopes.join(', ')}`]);
    }),
  );

const nameOf = ({ display_name, roles }: Me): string => `${display_name} (${roles.join(', ')})`;

/** On a terminal it is prompted for, and not shown; else it is what comes in: `countersign login < key`. */
async function promptForKey({ screen, environment }: Context, url: string): Promise<string> {
  const key = screen.canAsk
    ? await new Questions(environment).secret(`The key for ${url}`)
    : await everythingOf(environment.stdin);
  if (key?.trim()) return key;
  throw new Failure(exitCodes.usage, 'There is no key. Give it on standard input: countersign login < key-file');
}
