export { Credentials, type Shown } from './credentials.js';
export { ForbiddenAddress, type Resolve, systemResolve } from './address-guard.js';
export { type Answer, NotSent, guardedRequest } from './guarded-request.js';
export { retryAfter } from './retry-after.js';
export { clientCredentials, isSentInSecret } from './tokens/client-credentials.js';
export type { TokenSource } from './tokens/kept-token.js';
export { NoToken, tokenOf } from './tokens/token-of.js';
