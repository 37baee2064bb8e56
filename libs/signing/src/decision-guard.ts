import type { EventData } from '@countersign/contracts';
import { checkDecision } from './check.js';
import { SignatureError } from './signature-error.js';
import type { Verifier } from './verifier.js';

/** Stands between a decision that arrives and whoever acts on it. */
export class DecisionGuard {
  #verifier: Verifier | undefined;

  /** @param now epoch milliseconds */
  constructor(
    private readonly openVerifier: () => Promise<Verifier>,
    private readonly now: () => number,
  ) {}

  /** @throws ConfigError when there are no keys to verify with. */
  async open(): Promise<void> {
    this.#verifier = await this.openVerifier();
  }

  /** Why the decision must not be acted on; undefined when it may. @throws RetryableError while keys cannot be fetched */
  async problemWith(resolved: EventData<'approval.resolved'>): Promise<string | undefined> {
    if (!this.#verifier) throw new Error('the keys are not open yet');
    if (resolved.signature === null) return 'The decision is not signed.';
    try {
      const claims = await this.#verifier.verify(resolved.signature);
      return checkDecision(claims, resolved, Math.floor(this.now() / 1000));
    } catch (error) {
      if (error instanceof SignatureError) return error.message;
      throw error;
    }
  }
}
