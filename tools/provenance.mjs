// Where what is shipped comes from, as an in-toto statement with SLSA provenance, on standard output: `npm run -s provenance`.
// With `--key FILE`, an Ed25519 key as PEM, it is an attestation: a DSSE envelope that cosign and in-toto verify. It names each file of
// the bundles by its digest, and since a build of the same commit has the same files, whoever builds it again can compare.
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    key: { type: 'string' },
    builder: { type: 'string', default: 'urn:countersign:builder:local' },
    'allow-changes': { type: 'boolean', default: false },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const digestOf = (path) => ({ sha256: sha256(readFileSync(join(root, path))) });
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

const files = globSync(['apps/*/dist/bundle/**/*.js', 'apps/inbox/dist/site/**/*.*'], { cwd: root }).toSorted();
if (files.length === 0) fail('Nothing is built here: node tools/setup.mjs');
const isChanged = git('status', '--porcelain') !== '';
if (isChanged && !values['allow-changes'])
  fail(
    'Files of this checkout are not those of its commit, so it does not say where the build comes from. Commit them first.',
  );

const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: files.map((name) => ({ name, digest: digestOf(name) })),
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {
    buildDefinition: {
      buildType: 'urn:countersign:build:bundles:v1',
      externalParameters: { command: 'node tools/setup.mjs' },
      internalParameters: { node: process.version, platform: process.platform, arch: process.arch },
      resolvedDependencies: [
        ...(isChanged ? [] : [{ name: 'source', digest: { gitCommit: git('rev-parse', 'HEAD') } }]),
        // It has a digest of each package.
        { name: 'package-lock.json', digest: digestOf('package-lock.json') },
      ],
    },
    runDetails: { builder: { id: values.builder } },
  },
};
console.log(JSON.stringify(values.key ? envelope(statement, values.key) : statement, null, 2));

/** As DSSE 1 says: signed are the type and the bytes, each with its length. */
function envelope(payload, keyFile) {
  const key = createPrivateKey(readFileSync(keyFile));
  if (key.asymmetricKeyType !== 'ed25519') fail('--key has to be an Ed25519 key');
  const bytes = Buffer.from(JSON.stringify(payload));
  const payloadType = 'application/vnd.in-toto+json';
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `), bytes]);
  const keyid = sha256(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  const sig = sign(null, signed, key).toString('base64');
  return { payloadType, payload: bytes.toString('base64'), signatures: [{ keyid, sig }] };
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
