import type { Event, Log, ServiceName } from '@countersign/contracts';
import type { EpochMillis } from '@countersign/contracts/time';
import type { Database, RetentionPolicy } from '@countersign/persistence';
import type { DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ApiKeys } from './credentials/api-keys.js';
import { AuthGuard } from './http/auth.guard.js';
import { AuthModule } from './http/auth.module.js';
import { Authenticator } from './authenticator.js';
import { BrowserSessions } from './sign-in/browser-sessions.js';
import { CommandGuards } from './commands/guard.js';
import { CommandUses } from './commands/uses.js';
import { CredentialWatch } from './credentials/credential-watch.js';
import { Credentials } from './credentials/credentials.js';
import { FailureLimit } from './http/failure-limit.js';
import { JwtVerifier } from './identity-provider/jwt.js';
import { AccessEvents } from './access-events/access-events.js';
import { RefusedAttempts } from './access-events/refused-attempts.js';
import { Refusal } from './http/refusal.js';
import { jwtOptions, type AuthSettings } from './settings.js';
import { SignInLinks } from './sign-in/sign-in-links.js';

export interface AuthOptions {
  settings: AuthSettings;
  database: Pick<Database, 'collection'>;
  log: Log;
  now(): EpochMillis;
  /** Publishes sign-ins and refused attempts. */
  publisher: {
    /** Which service people see here. */
    service: ServiceName;
    /** Publishes what is stored already. */
    push(events: readonly Event[]): void;
    /** Publishes what is stored nowhere. */
    publish(events: readonly Event[]): Promise<void>;
  };
}

export interface Auth {
  keys: ApiKeys;
  links: SignInLinks;
  sessions: BrowserSessions;
  /** Retention policies. */
  retention: readonly RetentionPolicy[];
  /** For routes that are not Nest's, which the guard does not see. */
  authenticator: Authenticator;
  attempts: RefusedAttempts;
  /** The guard on every route of the application, the routes to sign in, and the above for others to inject. */
  module: DynamicModule;
}

/** Who may do what, for one process. @throws ConfigError */
export function openAuth({ settings, database, log, now, publisher }: AuthOptions): Auth {
  const jwt = jwtOptions(settings);
  const keys = new ApiKeys({ database, adminKey: settings.ADMIN_KEY, now });
  const links = new SignInLinks({ database, now });
  const sessions = new BrowserSessions({ database, keys, now });
  const attempts = new RefusedAttempts({ ...publisher, log, now });
  const refusal = new Refusal({ failures: new FailureLimit({ now }), attempts, log });
  const credentials = new Credentials({ keys, sessions, issuer: jwt?.issuer, now });
  const watch = new CredentialWatch({ credentials, log, now });
  const authenticator = new Authenticator({
    keys,
    jwt: jwt && new JwtVerifier(jwt, { log, now }),
    sessions,
    refusal,
    watch,
  });
  const uses = new CommandUses({ database, now });
  const guards = new CommandGuards({ credentials, uses, now });
  const accessEvents = new AccessEvents({ ...publisher, now });
  const parts = [keys, links, sessions, refusal, authenticator, credentials, guards, attempts, accessEvents];
  const providers = parts.map((part) => ({ provide: part.constructor, useValue: part }));
  const guard = { provide: APP_GUARD, useValue: new AuthGuard(authenticator, accessEvents) };
  const module: DynamicModule = {
    module: AuthModule,
    global: true,
    providers: [...providers, guard],
    exports: parts.map((part) => part.constructor),
  };
  return {
    keys,
    links,
    sessions,
    retention: [links.retention, sessions.retention, uses.retention],
    authenticator,
    attempts,
    module,
  };
}
