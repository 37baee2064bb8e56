export { checkDecision } from './decisions/check.js';
export { DecisionClaims } from './decisions/claims.js';
export { DecisionGuard } from './decisions/decision-guard.js';
export { decisionDetailsDigest } from './decisions/details-digest.js';
export { loadOrCreateKeys } from './keys/key-file.js';
export { type KeyRing, generateKey, keysFromText, publicJwks } from './keys/key-ring.js';
export { Jwks, OwnKeys } from './keys/own-keys.js';
export { saltOf } from './keys/salt.js';
export {
  openKeyRing,
  openRequestKeyRing,
  openRequestVerifier,
  openResultKeyRing,
  openResultVerifier,
  openVerifier,
  requestSigningSettings,
  requestVerifyingSettings,
  resultSigningSettings,
  resultVerifyingSettings,
  signingSettings,
  verifyingSettings,
} from './keys/settings.js';
export { requestClaimsOf } from './requests/request-claims.js';
export { RequestGuard, type RequestPolicy } from './requests/request-guard.js';
export { type RunEnd, endedAt, isRunEnd, runEndClaimsOf } from './requests/run-end-claims.js';
export { resultDigest } from './results/result-digest.js';
export { signDecision, signRequest, signRunEnd } from './signature/sign.js';
export { Verifier } from './signature/verifier.js';
