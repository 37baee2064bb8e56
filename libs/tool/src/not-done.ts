/** Marks what is one, also when a module brought its own copy of this one. */
const tag = Symbol.for('countersign.not-done');

/** Thrown by the function of a tool: nothing was done, and the call may work a little later. */
export class NotDone extends Error {
  override name = 'NotDone';
  readonly [tag] = true;

  /** @param retryAfter seconds before which there is no use in trying again. */
  constructor(
    message: string,
    readonly retryAfter = 0,
  ) {
    super(message);
  }
}

export const isNotDone = (error: unknown): error is NotDone =>
  error instanceof Error && (error as { [tag]?: unknown })[tag] === true;
