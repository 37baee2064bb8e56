export { ForbiddenAddress, type Resolve, systemResolve } from './address-guard.js';
export { type Answer, NotSent, guardedRequest } from './guarded-request.js';
export { retryAfter } from './retry-after.js';
