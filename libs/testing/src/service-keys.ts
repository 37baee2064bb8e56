import { generateKey, keysFromText, publicJwks } from '@countersign/signing';

/** What services that share no folder sign with, and verify with: decisions, results of calls, and what runners ask for. */
export async function newServiceKeys() {
  const [decisions, results, requests, audit] = [await newPair(), await newPair(), await newPair(), await newPair()];
  return {
    DECISION_SIGNING_KEYS: decisions.secret,
    DECISION_VERIFICATION_KEYS: decisions.published,
    RESULT_SIGNING_KEYS: results.secret,
    RESULT_VERIFICATION_KEYS: results.published,
    REQUEST_SIGNING_KEYS: requests.secret,
    REQUEST_VERIFICATION_KEYS: requests.published,
    AUDIT_SIGNING_KEYS: audit.secret,
  };
}

async function newPair(): Promise<{ secret: string; published: string }> {
  const secret = JSON.stringify(await generateKey());
  return { secret, published: JSON.stringify(publicJwks(await keysFromText(secret))) };
}
