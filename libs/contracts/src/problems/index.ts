export { type ProblemCode, problems } from './catalogue.js';
export type { CommandRefusal } from './command-refusals.js';
export type { DeadLetterCode } from './dead-letter-codes.js';
export { ConfigError, RetryableError, TerminalError } from './errors.js';
export { Hint, type HintAction, hintActionNames, hintActions } from './hints.js';
export { Problem, hintOf, problemOf } from './problem.js';
export { ProblemError } from './problem-error.js';
