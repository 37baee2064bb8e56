export { Needs, Public, Who } from './access.js';
export { ensureAdminKey } from './admin-key-file.js';
export { ApiKeyView, NewApiKey } from './api-key.js';
export { ApiKeys, type KeyHolder } from './api-keys.js';
export { openAuth, type Auth, type AuthOptions } from './auth.js';
export { AuthError } from './auth-error.js';
export { AuthGuard, requireScopes } from './auth.guard.js';
export { Authenticator, authenticationOf, whileAuthorised, type Authentication } from './authenticator.js';
export {
  CommandName,
  commandDigest,
  commandNames,
  commandScopes,
  type Command,
  type CommandEvent,
} from './commands/command.js';
export { CommandGuard, CommandGuards, CommandRefused } from './commands/guard.js';
export { CommandTokens } from './commands/tokens.js';
export { CommandUses } from './commands/uses.js';
export { Credentials } from './credentials.js';
export { BrowserSessions } from './browser-sessions.js';
export {
  type Credential,
  isOwner,
  type Principal,
  principalOf,
  Role,
  Scope,
  scopesOf,
  seesOnlyOwn,
} from './principal.js';
export { SignInController } from './sign-in.controller.js';
export { authSettings, type AuthSettings } from './settings.js';
export { Me, SignInQuery, SignInRequest } from './sign-in.controller.js';
export { SignInLinks } from './sign-in-links.js';
export { declaredRoutes, undeclaredRoutes } from './declared-routes.js';
