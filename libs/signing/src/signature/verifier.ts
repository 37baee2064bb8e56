import { base64url, compactVerify, type CryptoKey, type JSONWebKeySet } from 'jose';
import type { DecisionClaims } from '../decisions/claims.js';
import { algorithm, readHeader } from '../keys/header.js';
import { publicJwks, type KeyRing } from '../keys/key-ring.js';
import type { PreviewClaims, PreviewRequestClaims } from '../previews/preview-claims.js';
import type { RequestClaims } from '../requests/request-claims.js';
import type { ResultClaims } from '../results/result-claims.js';
import { remoteKeys, type RemoteKeysOptions } from '../keys/remote-keys.js';
import type { RunEndClaims } from '../requests/run-end-claims.js';
import { knownSignature, publicPartOf, rememberSignature } from './known-signatures.js';
import { payloadOf } from './sign.js';
import { SignatureError } from './signature-error.js';
import { decision, preview, previewRequest, request, result, runEnd, type Statement } from '../decisions/statement.js';
import { trustedKeys, type KeySource } from '../keys/trusted-keys.js';

/** Tells whether a decision, a result or what a runner says was signed with a key that is trusted, and what it says. */
export class Verifier {
  /** @param keys those that are trusted */
  private constructor(readonly keys: KeySource) {}

  /** Trusts these public keys: a JWKS or one JWK, as text or parsed. @throws ConfigError, for a private key as well */
  static async fromJwks(jwks: string | JSONWebKeySet, source = 'The keys to verify with'): Promise<Verifier> {
    return new Verifier(await trustedKeys(typeof jwks === 'string' ? jwks : JSON.stringify(jwks), source));
  }

  /** Trusts what this process signs itself, and the older keys of its ring. */
  static fromKeyRing(ring: KeyRing): Promise<Verifier> {
    return Verifier.fromJwks(publicJwks(ring));
  }

  /** Trusts the keys that are published there at the time. Nothing is fetched before the first decision. @throws ConfigError */
  static fromUrl(url: string | URL, options?: RemoteKeysOptions): Verifier {
    return new Verifier(remoteKeys(new URL(url), options));
  }

  /**
   * @throws SignatureError when this is no decision that can be trusted, RetryableError when the keys cannot be
   * fetched now.
   */
  verify(jws: string): Promise<DecisionClaims> {
    return this.#verify(decision, jws);
  }

  /**
   * The public key of this name, as in its JWK; undefined where none was trusted when the keys were fetched, a moment ago at the most.
   *
   * @throws RetryableError when the keys cannot be fetched now
   */
  async publicPart(kid: string): Promise<string | undefined> {
    try {
      return await publicPartOf(await this.keys({ kid, alg: algorithm }, false));
    } catch (error) {
      if (error instanceof SignatureError) return undefined;
      throw error;
    }
  }

  /** As `verify`, for the results of an executor. */
  verifyResult(jws: string): Promise<ResultClaims> {
    return this.#verify(result, jws);
  }

  /** As `verify`, for the requests of a runner. */
  verifyRequest(jws: string): Promise<RequestClaims> {
    return this.#verify(request, jws);
  }

  /** As `verify`, for the ends of runs. */
  verifyRunEnd(jws: string): Promise<RunEndClaims> {
    return this.#verify(runEnd, jws);
  }

  /** As `verify`, for what the approval service asks of executors. */
  verifyPreviewRequest(jws: string): Promise<PreviewRequestClaims> {
    return this.#verify(previewRequest, jws);
  }

  /** As `verify`, for what an executor shows. */
  verifyPreview(jws: string): Promise<PreviewClaims> {
    return this.#verify(preview, jws);
  }

  async #verify<C extends object>(statement: Statement<C>, jws: string): Promise<C> {
    const known = knownSignature(jws);
    if (known?.header.typ === statement.typ) {
      const key = await this.keys(known.header);
      if ((await publicPartOf(key)) === known.x) return known.claims as C;
    }
    requireCompact(jws, statement);
    const header = readHeader(jws, statement);
    const key = await this.keys(header);
    const claims = readPayload(await verifiedPayload(jws, key, statement), statement);
    rememberSignature(jws, { x: await publicPartOf(key), header, claims });
    return claims;
  }
}

/** Three parts, each written in the one way there is, so that no statement has two encodings. */
function requireCompact(jws: string, { noun }: Statement<object>): void {
  const parts = typeof jws === 'string' ? jws.split('.') : [];
  if (parts.length !== 3 || !parts.every(isBase64url)) throw new SignatureError(`The ${noun} is not a compact JWS.`);
}

function isBase64url(part: string): boolean {
  try {
    return part !== '' && base64url.encode(base64url.decode(part)) === part;
  } catch {
    return false;
  }
}

async function verifiedPayload(jws: string, key: CryptoKey, { noun }: Statement<object>): Promise<Uint8Array> {
  try {
    return (await compactVerify(jws, key, { algorithms: [algorithm] })).payload;
  } catch (cause) {
    throw new SignatureError(`The signature does not belong to the ${noun}.`, { cause });
  }
}

function readPayload<C extends object>(payload: Uint8Array, { claims, noun }: Statement<C>): C {
  const parsed = claims.safeParse(parse(payload));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`);
    throw new SignatureError(`The signed text is not a ${noun} as declared (${problems.join('; ')}).`);
  }
  if (!isWrittenSo(payload, parsed.data)) {
    throw new SignatureError(`The signed text is not a ${noun} as declared (it is not canonical JSON).`);
  }
  return parsed.data;
}

/** A text that says the same in other bytes was not written by who signs. */
function isWrittenSo(payload: Uint8Array, claims: object): boolean {
  try {
    return Buffer.from(payloadOf(claims)).equals(payload);
  } catch {
    return false;
  }
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
