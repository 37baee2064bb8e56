import { z } from 'zod';
import { problemCodes, problems, type ProblemCode } from './catalogue.js';
import { Hint, hintActions, type HintAction } from './hints.js';

/** RFC 9457. `code` and `hint` are for programs, `detail` is for people. */
export const Problem = z
  .object({
    type: z.string().meta({ description: 'The code as a URI.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z
      // Whoever reads a code that is new since has the status and the detail.
      .union([z.enum(problemCodes), z.string()])
      .meta({ description: 'What is wrong, for programs; it stays the same. docs/problems.md lists them.' }),
    hint: Hint.optional().meta({ description: 'The remedy, where there is one.' }),
    instance: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

type Entry<C extends ProblemCode> = (typeof problems)[C];
type ActionOf<C extends ProblemCode> = Entry<C> extends { hint: infer A extends HintAction } ? A : never;
type NeedsId<C extends ProblemCode> = [Exclude<(typeof hintActions)[ActionOf<C>]['of'], null>] extends [never]
  ? false
  : true;

interface About {
  errors?: Problem['errors'] | undefined;
  cause?: unknown;
}

/** What a problem says besides its detail: the id for its hint, where the action of that needs one. */
export type AboutProblem<C extends ProblemCode> =
  NeedsId<C> extends true ? [about: About & { id: string }] : [about?: About & { id?: string | undefined }];

/** The type of problems with a code. */
const problemType = (code: ProblemCode): string => `urn:countersign:problem:${code}`;

/** What there is to do about a problem with this code. @param id of what it is done to. */
export function hintOf(code: ProblemCode, id?: string): Hint | null {
  const entry = problems[code];
  if (!('hint' in entry)) return null;
  return { action: entry.hint, id: hintActions[entry.hint].of === null ? null : (id ?? null) };
}

/** A problem as it is answered. */
export function problemOf<C extends ProblemCode>(code: C, detail: string, ...[about]: AboutProblem<C>): Problem {
  const { status, title } = problems[code];
  const { id, errors } = about ?? {};
  const hint = hintOf(code, id);
  return { type: problemType(code), title, status, detail, code, ...(hint && { hint }), ...(errors && { errors }) };
}
