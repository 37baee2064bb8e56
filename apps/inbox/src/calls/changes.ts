import { canonicalJson } from '@countersign/contracts/json';
import type { DiffLine } from '@countersign/contracts/presentation';
import { lineChanges } from './line-changes.js';

/** How one argument differs; what is undefined is not there. */
export interface Change {
  name: string;
  before: string | undefined;
  after: string | undefined;
  /** Of texts of several lines: which of them differ. */
  lines: DiffLine[] | null;
}

/** The arguments in which two calls differ, as the JSON of their values. */
export function changesBetween(before: Record<string, unknown>, after: Record<string, unknown>): Change[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .map((name) => ({
      name,
      before: jsonOf(before, name),
      after: jsonOf(after, name),
      lines: linesOf(before[name], after[name]),
    }))
    .filter((change) => change.before !== change.after);
}

const linesOf = (before: unknown, after: unknown): DiffLine[] | null =>
  typeof before === 'string' && typeof after === 'string' && before !== after && (before + after).includes('\n')
    ? lineChanges(before, after)
    : null;

const jsonOf = (args: Record<string, unknown>, name: string): string | undefined =>
  Object.hasOwn(args, name) && args[name] !== undefined ? canonicalJson(args[name]) : undefined;
