import { TerminalError } from '@countersign/contracts/problems';

/** This is no decision of the approval service, and never will be. The message is a sentence that says why. */
export class SignatureError extends TerminalError<'not_authentic'> {
  override name = 'SignatureError';

  constructor(message: string, options?: ErrorOptions) {
    super('not_authentic', message, options);
  }
}
