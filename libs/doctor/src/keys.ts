import { openKeyRing, openVerifier } from '@countersign/signing';
import type { Check } from './check.js';
import type { Env } from './environment.js';

const advice = 'Make some: node tools/compose-env.mjs prints DECISION_SIGNING_KEYS, and what to verify with.';

/** Signing keys of the approval service, and those that runner and executor verify with, where either are set. */
export function keyChecks(env: Env): Check[] {
  const { DECISION_SIGNING_KEYS, DECISION_VERIFICATION_KEYS } = env;
  const checks: Check[] = [];
  if (DECISION_SIGNING_KEYS) {
    const look = () => openKeyRing({ DECISION_SIGNING_KEYS }).then(() => 'decisions can be signed with them');
    checks.push({ what: 'signing keys', look, advice });
  }
  if (DECISION_VERIFICATION_KEYS) {
    const look = () => openVerifier({ DECISION_VERIFICATION_KEYS }).then(() => 'decisions can be verified with them');
    checks.push({ what: 'decision keys', look, advice });
  }
  return checks;
}
