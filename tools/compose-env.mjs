// Makes what an installation is to keep secret: a key to begin with, and what decisions, results and requests
// are signed with.
//
//   node tools/compose-env.mjs .secrets    a file each, as docker-compose.yml mounts them; what is there already stays
//   node tools/compose-env.mjs             prints them as variables, for services that are started by hand
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const newKey = () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  return JSON.stringify({ ...privateKey.export({ format: 'jwk' }), alg: 'EdDSA' });
};

/** In the form of a key of the store, so that only one service has to be configured with it. */
const newAdminKey = () => `cs_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`;

const secrets = {
  ADMIN_KEY: newAdminKey,
  DECISION_SIGNING_KEYS: newKey,
  RESULT_SIGNING_KEYS: newKey,
  REQUEST_SIGNING_KEYS: newKey,
  AUDIT_SIGNING_KEYS: newKey,
};
/** What a person may write into the file; empty, it counts as unset. */
const given = { OPENAI_API_KEY: process.env.OPENAI_API_KEY ?? '' };

const [, , directory] = process.argv;
if (directory === undefined) {
  for (const [name, make] of Object.entries(secrets)) {
    const value = make();
    console.log(`${name}=${value.startsWith('{') ? `'${value}'` : value}`);
  }
} else {
  // No other user gets into the directory; the files themselves are mounted for the user of the containers to read.
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const files = { ...given, ...Object.fromEntries(Object.entries(secrets).map(([name, make]) => [name, make()])) };
  for (const [name, value] of Object.entries(files)) {
    const file = join(directory, name.toLowerCase());
    if (!existsSync(file)) writeFileSync(file, `${value}\n`, { mode: 0o644 });
  }
}
