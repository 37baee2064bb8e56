export { type ResultEvent, isResult, resultClaimsOf } from './result-claims.js';
export { ResultGuard } from './result-guard.js';
export { signResult, signStart } from '../signature/sign.js';
