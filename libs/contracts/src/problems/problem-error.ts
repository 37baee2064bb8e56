import type { ProblemCode } from './catalogue.js';
import { problemOf, type AboutProblem, type Problem } from './problem.js';

/** A request over HTTP is answered with a problem. For the edge: what decides returns codes and throws none of these. */
export class ProblemError<C extends ProblemCode = ProblemCode> extends Error {
  override name = 'ProblemError';
  readonly code: C;
  readonly problem: Problem;

  constructor(code: C, detail: string, ...about: AboutProblem<C>) {
    super(detail, about[0]?.cause === undefined ? undefined : { cause: about[0].cause });
    this.code = code;
    this.problem = problemOf(code, detail, ...about);
  }

  get status(): number {
    return this.problem.status;
  }

  get detail(): string {
    return this.problem.detail;
  }

  /** Where frameworks look for it. */
  get statusCode(): number {
    return this.problem.status;
  }
}
