export { allowedAddresses, ForbiddenAddress, systemResolve, type Guard, type Resolve } from './address-guard.js';
export { guardedRequest, NotSent, type Answer, type GuardedRequest } from './guarded-request.js';
export { retryAfter } from './retry-after.js';
