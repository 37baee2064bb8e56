import { generateKey, keysFromText, publicJwks } from '@countersign/signing';

/** What services that share no folder sign with, and verify with: decisions, and results of calls. */
export async function newServiceKeys() {
  const [decisions, results] = [await newPair(), await newPair()];
  return {
    SIGNING_KEYS: decisions.secret,
    DECISION_KEYS: decisions.published,
    EXECUTION_SIGNING_KEYS: results.secret,
    EXECUTION_KEYS: results.published,
  };
}

async function newPair(): Promise<{ secret: string; published: string }> {
  const secret = JSON.stringify(await generateKey());
  return { secret, published: JSON.stringify(publicJwks(await keysFromText(secret))) };
}
