import type { EventData, Log } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { canonicalJson } from '@countersign/contracts/json';
import { requestClaimsOf } from './request-claims.js';
import { runEndClaimsOf, type RunEnd } from './run-end-claims.js';
import { SignatureError } from '../signature/signature-error.js';
import type { Verifier } from '../signature/verifier.js';

/** `signed`: only what a runner has signed is believed. `trusted`: whoever may write to the topics is. */
export type RequestPolicy = 'signed' | 'trusted';

/** What the setting gives up, for people. */
const trustedMeans =
  'any producer on tool.approval_required, run.failed and run.cancelled can request calls as any agent, and void those of others';

/** Stands between what a runner says, a request or the end of a run, and whoever acts on it. */
export class RequestGuard {
  #verifier: Verifier | undefined;

  constructor(
    readonly policy: RequestPolicy,
    private readonly openVerifier: () => Promise<Verifier>,
  ) {}

  /** @throws ConfigError when there are no keys to verify with. */
  async open(): Promise<void> {
    if (this.policy === 'signed') this.#verifier = await this.openVerifier();
  }

  /** Says in the log what it means that nothing is verified. */
  warn(log: Pick<Log, 'warn'>): void {
    if (this.policy === 'trusted') log.warn({}, `APPROVAL_REQUESTS is "trusted": ${trustedMeans}`);
  }

  /**
   * Why a request must not be believed; undefined when a runner has signed all that it says, for exactly these
   * arguments.
   *
   * @throws RetryableError while keys cannot be fetched
   */
  async problemWithRequest(request: EventData<'tool.approval_required'>): Promise<string | undefined> {
    if (digestOf(request) !== request.digest) return 'The arguments are not the ones that the digest is of.';
    return this.#problemWith('request', request.signature, async (verifier, jws) => {
      const claims = await verifier.verifyRequest(jws);
      return [claims, requestClaimsOf(request, claims.issued_at)];
    });
  }

  /** As `problemWithRequest`, of the end of a run. */
  problemWithEnd(event: RunEnd): Promise<string | undefined> {
    return this.#problemWith('end of the run', event.data.signature, async (verifier, jws) => {
      const claims = await verifier.verifyRunEnd(jws);
      return [claims, runEndClaimsOf(event, claims.issued_at)];
    });
  }

  /** @param compare what was signed, and what the event says */
  async #problemWith(
    noun: string,
    signature: string | null,
    compare: (verifier: Verifier, jws: string) => Promise<[signed: object, received: object]>,
  ): Promise<string | undefined> {
    if (this.policy === 'trusted') return undefined;
    if (!this.#verifier) throw new Error('the keys are not open yet');
    if (signature === null) return `The ${noun} is not signed.`;
    try {
      const [signed, received] = await compare(this.#verifier, signature);
      return canonicalJson(signed) === canonicalJson(received)
        ? undefined
        : `The ${noun} is not the one that was signed.`;
    } catch (error) {
      if (error instanceof SignatureError) return error.message;
      throw error;
    }
  }
}

/** Of what has no canonical JSON there is none. */
function digestOf(request: EventData<'tool.approval_required'>): string | undefined {
  try {
    return callDigest(request);
  } catch {
    return undefined;
  }
}
