import type { z } from 'zod';
import type { Path, Problem } from './source.js';

type Issue = z.core.$ZodIssue;

/** What the schema finds wrong with a value, in words for whoever wrote the file. */
export function schemaProblems(schema: z.ZodType, value: unknown): Problem[] {
  const parsed = schema.safeParse(value, {
    error: ({ code, input }) => (code === 'invalid_type' && input === undefined ? 'is missing' : undefined),
  });
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, []));
}

function problemsOf(issue: Issue, parent: Path): Problem[] {
  const path = [...parent, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such field' }));
    case 'invalid_union':
      return nearest(issue.errors).flatMap((each) => problemsOf(each, path));
    case 'invalid_key':
      return issue.issues.flatMap((each) => problemsOf(each, path));
    default:
      return [{ path, message: issue.message.replace(/^Invalid (input|option): /, '') }];
  }
}

/** The shape that was most likely meant is the one with the least wrong. */
const nearest = (errors: readonly Issue[][]): Issue[] =>
  errors.toSorted((one, other) => weight(one) - weight(other))[0] ?? [];

const weight = (issues: readonly Issue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
