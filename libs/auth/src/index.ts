export { RequireScopes, Public, CurrentPrincipal } from './http/access.js';
export { ensureAdminKey } from './credentials/admin-key-file.js';
export { NewApiKey } from './credentials/api-key.js';
export { ApiKeys } from './credentials/api-keys.js';
export type { KeyHolder } from './credentials/api-key.js';
export { openAuth, type Auth, type AuthOptions } from './auth.js';
export { AuthError } from './http/auth-error.js';
export { AuthGuard, requireScopes } from './http/auth.guard.js';
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
export { Credentials } from './credentials/credentials.js';
export { BrowserSessions } from './sign-in/browser-sessions.js';
export { type Credential, isOwner, type Principal, principalOf, scopesOf, seesOnlyOwn } from './principal.js';
export { SignInController } from './sign-in/sign-in.controller.js';
export { authSettings, type AuthSettings } from './settings.js';
export { SignInQuery } from './sign-in/sign-in.controller.js';
export { SignInLinks } from './sign-in/sign-in-links.js';
export { declaredRoutes, undeclaredRoutes } from './http/declared-routes.js';
