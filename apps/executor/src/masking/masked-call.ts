import type { Execution } from '@countersign/contracts/executions';
import { maskOf, redactedIn, type KnownSecrets, type Mask } from '@countersign/definitions/masking';
import type { Outcome, Watch } from '../adapters/adapter.js';

/** Hides the secrets of the file, and of this call the arguments that its tool declares as not for everybody's eyes. */
export const maskOfCall = (
  secrets: Pick<KnownSecrets, 'list'>,
  { tool_args, redact }: Pick<Execution, 'tool_args' | 'redact'>,
): Mask => {
  const redacted = redactedIn(tool_args, redact);
  return maskOf(redacted.length === 0 ? secrets.list : () => [...secrets.list(), ...redacted]);
};

/** The output of a call, by whatever adapter: masked before it is stored, logged or published. */
export class MaskedCall {
  readonly watch: Watch;
  readonly #mask: Mask;
  readonly #output: ReturnType<NonNullable<Mask['stream']>>;
  readonly #progress: Watch['progress'];

  constructor(mask: Mask, { signal, progress, lastLook }: Omit<Watch, 'mask'>) {
    this.#mask = mask;
    this.#output = mask.stream?.() ?? { add: mask, end: () => '' };
    this.#progress = progress;
    this.watch = { signal, mask, lastLook, progress: (update) => this.#report(update) };
  }

  /** The masked outcome; what was held back of the output comes before it. */
  end(outcome: Outcome): Outcome {
    const output = this.#output.end();
    if (output !== '') this.#progress({ output });
    switch (outcome.outcome) {
      case 'succeeded':
        return { ...outcome, result: this.#mask(outcome.result) };
      case 'failed':
        return { ...outcome, error: this.#mask(outcome.error) };
      case 'not_begun':
      case 'unknown':
        return { ...outcome, reason: this.#mask(outcome.reason) };
    }
  }

  /** Whoever makes a call is not ours, and may say anything. */
  #report({ output, message, ...update }: Parameters<Watch['progress']>[0]): void {
    this.#progress({
      ...update,
      ...(typeof output === 'string' && { output: this.#output.add(output) }),
      ...(typeof message === 'string' && { message: this.#mask(message) }),
    });
  }
}
