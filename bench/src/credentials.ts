import { generateKey, keysFromText, publicJwks } from '@countersign/signing';

const adminKey = 'the-key-of-a-measurement-and-nothing-else';

/** The header with which requests of a measurement are known. */
export const authorization = `Bearer ${adminKey}`;

/** What measured processes let requests in with. */
export const access = { ADMIN_KEY: adminKey };

/** What processes sign decisions with, and verify them, that share no folder. */
export async function newKeys(): Promise<{ SIGNING_KEYS: string; DECISION_KEYS: string }> {
  const SIGNING_KEYS = JSON.stringify(await generateKey());
  return { SIGNING_KEYS, DECISION_KEYS: JSON.stringify(publicJwks(await keysFromText(SIGNING_KEYS))) };
}
