import type { EventData } from '@countersign/contracts';
import { callDigest, type Binding, type ExactCall } from '@countersign/contracts/calls';
import { toEpochSeconds, type Clock, type EpochSeconds } from '@countersign/contracts/time';
import { lateness, mismatch, reservation, type Reservation } from './check.js';
import type { DecisionClaims } from './claims.js';
import { SignatureError } from '../signature/signature-error.js';
import type { KeySource } from '../keys/trusted-keys.js';
import type { Verifier } from '../signature/verifier.js';

/**
 * Whether a decision counts. `not_authentic`: not signed by an approval service. `refused`: someone
 * has, and it must not be acted on.
 */
export type GuardResult =
  | { kind: 'sound' }
  | { kind: 'not_authentic'; reason: string }
  | ({ kind: 'refused' } & Reservation);

/** A call that is about to be made, and the decision that was stored with it. */
export interface StoredCall extends ExactCall, Binding {
  jws: string | null;
  approval_id: string;
  tool_version: string | null;
}

const sound: GuardResult = { kind: 'sound' };
const notAuthentic = (reason: string): GuardResult => ({ kind: 'not_authentic', reason });
const refused = (reservation: Reservation): GuardResult => ({ kind: 'refused', ...reservation });

/** Stands between a decision that arrives and whoever acts on it. */
export class DecisionGuard {
  #verifier: Verifier | undefined;

  /** @param now epoch milliseconds */
  constructor(
    private readonly openVerifier: () => Promise<Verifier>,
    private readonly now: Clock,
  ) {}

  /** @throws ConfigError when there are no keys to verify with. */
  async open(): Promise<void> {
    this.#verifier = await this.openVerifier();
  }

  /** The trusted key that a header names. @throws SignatureError when there is none */
  readonly keyOf = (header: Parameters<KeySource>[0]) => this.#opened.keys(header);

  /** What a decision that arrives is worth. @throws RetryableError while keys cannot be fetched */
  examine(resolved: EventData<'approval.resolved'>): Promise<GuardResult> {
    return this.#withClaims(resolved.signature, (claims) => {
      const other = mismatch(claims, resolved);
      if (other !== undefined) return notAuthentic(other);
      const problem = reservation(claims) ?? lateness(claims, this.#seconds());
      return problem === undefined ? sound : refused(problem);
    });
  }

  /**
   * Whether a decision that was stored allows exactly this call; the digest is computed from the arguments that are
   * about to be used. It came in time to be stored, so that it does not come too late any more. @throws RetryableError while keys cannot be fetched
   */
  verifyStored({ jws, ...call }: StoredCall): Promise<GuardResult> {
    return this.#withClaims(jws, (claims) => {
      if (claims.approval_id !== call.approval_id || claims.digest !== callDigest(call))
        return notAuthentic('The stored decision is about another call.');
      if (claims.tool_version !== call.tool_version)
        return notAuthentic('The stored decision is about another definition of the tool.');
      if (claims.status !== 'approved') return notAuthentic('The stored decision does not approve the call.');
      const problem = reservation(claims);
      return problem === undefined ? sound : refused(problem);
    });
  }

  /** Why a decision must not be acted on; undefined when it may. @throws RetryableError while keys cannot be fetched */
  async problemWith(resolved: EventData<'approval.resolved'>): Promise<string | undefined> {
    const verdict = await this.examine(resolved);
    return verdict.kind === 'sound' ? undefined : verdict.reason;
  }

  async #withClaims(jws: string | null, examine: (claims: DecisionClaims) => GuardResult): Promise<GuardResult> {
    if (jws === null) return notAuthentic('The decision is not signed.');
    try {
      return examine(await this.#opened.verify(jws));
    } catch (error) {
      if (error instanceof SignatureError) return notAuthentic(error.message);
      throw error;
    }
  }

  get #opened(): Verifier {
    if (!this.#verifier) throw new Error('the keys are not open yet');
    return this.#verifier;
  }

  #seconds(): EpochSeconds {
    return toEpochSeconds(this.now());
  }
}
