import type { EventName } from '@countersign/contracts';
import type { ApiKeyView, CommandToken, CreatedApiKey, Me, Role } from '@countersign/contracts/auth';
import type { Seconds } from '@countersign/contracts/time';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';

export interface NewKey {
  /** For people: what it is for. */
  name: string;
  /** Whom it speaks for, as records and rules name them. */
  subject: string;
  roles: readonly Role[];
  groups?: readonly string[] | undefined;
  /** Seconds; null for a key that lasts until it is revoked, as one does by default. */
  expires_in?: Seconds | null | undefined;
}

/** A command over the bus, as it will be sent, without the token. */
export interface Command {
  type: EventName;
  data: object;
}

/** Who asks, and what lets them. */
export class Auth {
  constructor(private readonly transport: Transport) {}

  me(signal?: AbortSignal): Promise<Me> {
    return this.transport.ask('Me', 'GET', '/auth/me', { signal });
  }

  /** Begins a session of a browser, which is a cookie. Changes need its `csrf_token`: see `ClientOptions.csrfToken`. */
  signIn(key: string): Promise<Me> {
    return this.transport.ask('Me', 'POST', '/auth/sign-in', { body: { key } });
  }

  async signOut(): Promise<void> {
    await this.transport.ask('Nothing', 'POST', '/auth/sign-out');
  }

  /** Newest first, also those that no longer work. */
  keys(signal?: AbortSignal): Promise<ApiKeyView[]> {
    return this.transport.ask('ApiKeys', 'GET', '/auth/keys', { signal });
  }

  /** The key itself is shown this once. */
  createKey(key: NewKey): Promise<CreatedApiKey> {
    return this.transport.ask('CreatedApiKey', 'POST', '/auth/keys', { body: key });
  }

  /** Ends a key and the sessions that were begun with it. */
  async revokeKey(id: string): Promise<void> {
    await this.transport.ask('Nothing', 'DELETE', pathOf`/auth/keys/${id}`);
  }

  /** A token with which exactly this command is sent over the bus, once. @param expires_in seconds. Default: 300. */
  commandToken(command: Command, expires_in?: Seconds): Promise<CommandToken> {
    return this.transport.ask('CommandToken', 'POST', '/auth/tokens', { body: { command, expires_in } });
  }
}
