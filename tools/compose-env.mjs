// Prints what docker-compose.yml asks for: a key to begin with, and what decisions, results and requests are signed with. For a
// file `.env` that is kept as long as the data: node tools/compose-env.mjs > .env
import { generateKeyPairSync, randomBytes } from 'node:crypto';

const newKey = () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  return JSON.stringify({ ...privateKey.export({ format: 'jwk' }), alg: 'EdDSA' });
};

console.log(`ADMIN_KEY=${randomBytes(32).toString('base64url')}`);
console.log(`SIGNING_KEYS='${newKey()}'`);
console.log(`EXECUTION_SIGNING_KEYS='${newKey()}'`);
console.log(`REQUEST_SIGNING_KEYS='${newKey()}'`);
