import type { Log } from '@countersign/contracts';
import { ProblemError } from '@countersign/contracts/problems';
import { type Clock, type EpochMillis, atSeconds } from '@countersign/contracts/time';
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { identityIn, type ClaimNames } from './claims.js';
import { principalOf, type Principal } from '../principal.js';
import { isReserved } from '../credentials/reserved.js';

export interface JwtOptions extends ClaimNames {
  jwksUrl: string;
  issuer: string;
  audience: string;
  algorithms: string[];
}

/** By how much the clocks of the issuer and of this process may differ. */
const clockTolerance = 30;

/**
 * Recognises the tokens of an identity provider.
 *
 * Its keys are fetched when they are needed and kept for ten minutes. A token signed with a key that is not among them
 * has them fetched again, though not within thirty seconds of the last time.
 */
export class JwtVerifier {
  readonly #options: JwtOptions;
  readonly #keys: JWTVerifyGetKey;
  readonly #log: Log;
  readonly #now: Clock;

  constructor(options: JwtOptions, { log, now }: { log: Log; now(): EpochMillis }) {
    this.#options = options;
    this.#keys = reachable(createRemoteJWKSet(new URL(options.jwksUrl)));
    this.#log = log;
    this.#now = now;
  }

  /**
   * @throws ProblemError identity_provider_unreachable when the keys cannot be had now, which says nothing about the token; reserved_subject when it is of
   * a user who would be this installation's administrator.
   */
  async verify(token: string): Promise<Principal | undefined> {
    const { issuer, audience, algorithms } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience,
        algorithms,
        clockTolerance,
        currentDate: new Date(this.#now()),
        requiredClaims: ['exp'],
      });
      const identity = identityIn(payload, this.#options);
      if (!identity) this.#log.info({ claim: this.#options.subjectClaim }, 'a token has no subject claim');
      if (identity && isReserved(identity.subject)) throw taken(identity.subject);
      return identity && principalOf(identity, 'jwt', { id: issuer, expires_at: atSeconds(payload.exp!) });
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      this.#log.info({ code: error.code, claim: 'claim' in error ? error.claim : undefined }, 'a token was refused');
      return undefined;
    }
  }
}

const taken = (subject: string) =>
  new ProblemError(
    'reserved_subject',
    `"${subject}" is the name of this installation's own administrator, which no identity provider gives. Have it call you otherwise, or set AUTH_SUBJECT_CLAIM.`,
  );

/** What a lookup of keys says about the token; every other failure is the provider's. */
const aboutTheToken = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

const reachable =
  (keys: JWTVerifyGetKey): JWTVerifyGetKey =>
  async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      if (aboutTheToken.some((kind) => cause instanceof kind)) throw cause;
      const detail =
        "The identity provider's keys are out of reach, so tokens cannot be checked. Try again in a moment.";
      throw new ProblemError('identity_provider_unreachable', detail, { cause });
    }
  };
