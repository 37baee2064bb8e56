import { ConfigError } from '@countersign/contracts/problems';
import { millisOf, systemClock, type Clock } from '@countersign/contracts/time';
import { withEnvironment, type TokenEntry } from '@countersign/definitions';
import type { KnownSecrets } from '@countersign/definitions/masking';
import { clientCredentials, isSentInSecret } from './client-credentials.js';
import type { TokenSource } from './kept-token.js';
import { printedToken } from './printed-token.js';

export interface TokenScope {
  /** What `{{env.NAME}}` stands for, and where programs are looked for. */
  env: Record<string, string | undefined>;
  /** Gets to know each token and what it was got with. */
  secrets?: Pick<KnownSecrets, 'add'> | undefined;
  now?: Clock;
}

/** There is none to be shown now. */
export class NoToken extends Error {
  override name = 'NoToken';
}

/** @throws ConfigError naming a variable that is not set, or when the secret would be sent as it is. */
export function tokenOf(entry: TokenEntry, { env, secrets, now = systemClock }: TokenScope): TokenSource {
  const filled = (text: string) => withEnvironment(text, env, secrets);
  const source = 'command' in entry ? printed(entry, env, filled, now) : granted(entry, filled, now);
  return {
    async token() {
      const token = await source.token().catch((cause: unknown) => {
        throw new NoToken(`there is no token: ${(cause as Error).message}`, { cause });
      });
      secrets?.add(token);
      return token;
    },
    refuse: (token) => source.refuse(token),
  };
}

type Printed = Extract<TokenEntry, { command: string }>;
type Granted = Exclude<TokenEntry, Printed>;
type Filled = (text: string) => string;

function printed({ command, args, env: given, keep }: Printed, env: TokenScope['env'], filled: Filled, now: Clock) {
  const own = () => ofRecord(given, filled);
  own();
  const { PATH = '', HOME } = env;
  const environment = () => ({ PATH, ...(HOME !== undefined && { HOME }), ...own() });
  return printedToken({ command, args, env: environment, keepMs: millisOf(keep), now });
}

function granted({ client_secret, ...entry }: Granted, filled: Filled, now: Clock) {
  const [endpoint, id] = [filled(entry.endpoint), filled(entry.client_id)];
  const scope = entry.scope === undefined ? undefined : filled(entry.scope);
  const secret = () => filled(client_secret);
  secret();
  if (!URL.canParse(endpoint) || !isSentInSecret(endpoint))
    throw new ConfigError(`token: ${entry.endpoint} must begin with https://, since a secret is sent there`);
  return clientCredentials({ endpoint, id, secret, scope, parameters: ofRecord(entry.parameters, filled), now });
}

const ofRecord = (texts: Record<string, string>, filled: Filled): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, filled(text)]));
