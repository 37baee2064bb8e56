import { canonicalJson } from '@countersign/contracts/json';
import { resultClaimsOf, type ResultEvent } from './result-claims.js';
import { SignatureError } from '../signature/signature-error.js';
import type { Verifier } from '../signature/verifier.js';

/** Stands between a result that arrives and the run that waits for it. */
export class ResultGuard {
  #verifier: Verifier | undefined;

  constructor(private readonly openVerifier: () => Promise<Verifier>) {}

  /** @throws ConfigError when there are no keys to verify with. */
  async open(): Promise<void> {
    this.#verifier = await this.openVerifier();
  }

  /**
   * Why a result must not be believed; undefined when an executor has signed all that it says.
   *
   * @throws RetryableError while keys cannot be fetched
   */
  async problemWith(event: ResultEvent): Promise<string | undefined> {
    if (!this.#verifier) throw new Error('the keys are not open yet');
    const { signature } = event.data;
    if (signature === null) return 'The result is not signed.';
    try {
      const claims = await this.#verifier.verifyResult(signature);
      const isSame = canonicalJson(claims) === canonicalJson(resultClaimsOf(event));
      return isSame ? undefined : 'The result is not the one that was signed.';
    } catch (error) {
      if (error instanceof SignatureError) return error.message;
      throw error;
    }
  }
}
