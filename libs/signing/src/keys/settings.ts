import { z } from 'zod';
import { keySettings } from './key-settings.js';

const decisions = keySettings({
  signing: 'DECISION_SIGNING_KEYS',
  verifying: 'DECISION_VERIFICATION_KEYS',
  says: 'Private keys that decisions are signed with: an Ed25519 JWK, or a JWKS whose first private key signs.',
  of: 'decisions',
  publisher: 'approval service',
  url: 'https://approvals.example.com/.well-known/jwks.json',
  file: 'signing-key.json',
});

const results = keySettings({
  signing: 'RESULT_SIGNING_KEYS',
  verifying: 'RESULT_VERIFICATION_KEYS',
  says: 'Private keys that results of calls are signed with, in the form of `DECISION_SIGNING_KEYS`; never the same keys.',
  of: 'results',
  publisher: 'executor',
  url: 'https://executor.example.com/.well-known/execution-jwks.json',
  file: 'execution-key.json',
});

const requests = keySettings({
  signing: 'REQUEST_SIGNING_KEYS',
  verifying: 'REQUEST_VERIFICATION_KEYS',
  says: 'Private keys that requests for approval and ends of runs are signed with, in the form of `DECISION_SIGNING_KEYS`; never the same keys.',
  of: 'requests and ends of runs',
  publisher: 'runner',
  url: 'https://runner.example.com/.well-known/request-jwks.json',
  file: 'request-key.json',
});

/** For the approval service. */
export const signingSettings = decisions.signing;

/** For whoever acts on decisions. */
export const verifyingSettings = decisions.verifying;

/** For the executor. */
export const resultSigningSettings = results.signing;

/** For whoever believes results. */
export const resultVerifyingSettings = results.verifying;

/** For the runner. */
export const requestSigningSettings = requests.signing;

/** For whoever acts on requests and ends of runs. */
export const requestVerifyingSettings = {
  APPROVAL_REQUESTS: z.enum(['signed', 'trusted']).default('signed').meta({
    description:
      '`signed`: a request for approval, or the end of a run, counts only with the signature of a runner. `trusted`: any producer on the topics can request calls, and void those of others.',
    example: 'trusted',
  }),
  ...requests.verifying,
};

/**
 * The ring that the settings name. Where they name none, an embedded process keeps its own in its data directory.
 *
 * @param embeddedIn the data directory; undefined where several processes share a bus, and so must share a key
 * @throws ConfigError
 */
export const openKeyRing = decisions.openRing;

/** As `openKeyRing`, of the executor. A ring of its own, since whoever makes calls must not be able to decide on them. */
export const openResultKeyRing = results.openRing;

/**
 * As `openKeyRing`, of the runner. A ring of its own: whoever asks must not be able to decide, nor to say what came of
 * it.
 */
export const openRequestKeyRing = requests.openRing;

/**
 * The verifier that the settings name. Where they name none, an embedded process trusts the ring that it signs with
 * itself, as `openKeyRing` finds it with the same settings.
 *
 * @throws ConfigError
 */
export const openVerifier = decisions.openVerifier;

/** As `openVerifier`, of results. */
export const openResultVerifier = results.openVerifier;

/** As `openVerifier`, of what runners say. */
export const openRequestVerifier = requests.openVerifier;
