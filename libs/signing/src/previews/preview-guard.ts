import type { EventData } from '@countersign/contracts';
import { canonicalJson } from '@countersign/contracts/json';
import { SignatureError } from '../signature/signature-error.js';
import type { Verifier } from '../signature/verifier.js';
import { previewClaimsOf, previewRequestClaimsOf } from './preview-claims.js';

/** Stands between what is said of previews and whoever acts on it. */
export class PreviewGuard {
  #verifier: Verifier | undefined;

  /** @param openVerifier the keys of the approval service for requests, those of the executor for what it shows */
  constructor(private readonly openVerifier: () => Promise<Verifier>) {}

  /** @throws ConfigError when there are no keys to verify with. */
  async open(): Promise<void> {
    this.#verifier = await this.openVerifier();
  }

  /** Why nothing is run for a request; undefined when the approval service asks exactly this. @throws RetryableError */
  problemWithRequest(data: EventData<'approval.preview_asked'>): Promise<string | undefined> {
    return this.#problem(data.signature, async (jws) => {
      const claims = await this.#opened.verifyPreviewRequest(jws);
      return canonicalJson(claims) === canonicalJson(previewRequestClaimsOf(data));
    });
  }

  /** Why a preview is not shown; undefined when an executor has signed all that it says. @throws RetryableError */
  problemWith(data: EventData<'tool.previewed'>): Promise<string | undefined> {
    return this.#problem(data.signature, async (jws) => {
      const claims = await this.#opened.verifyPreview(jws);
      return canonicalJson(claims) === canonicalJson(previewClaimsOf(data));
    });
  }

  async #problem(jws: string | null, isSame: (jws: string) => Promise<boolean>): Promise<string | undefined> {
    if (jws === null) return 'It is not signed.';
    try {
      return (await isSame(jws)) ? undefined : 'It is not what was signed.';
    } catch (error) {
      if (error instanceof SignatureError) return error.message;
      throw error;
    }
  }

  get #opened(): Verifier {
    if (!this.#verifier) throw new Error('the keys are not open yet');
    return this.#verifier;
  }
}
