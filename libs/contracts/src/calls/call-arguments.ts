import { JsonObject } from '../fields/fields.js';
import { maxDepth, type StrictJsonProblem } from '../json/strict-json.js';

/**
 * Arguments of a call, or a part of them: JSON that means the same to everybody who reads or writes it. What
 * {@link parseStrictJson} refuses in a text is refused here in the value, wherever it comes from.
 */
export const CallArguments = JsonObject.superRefine((args, context) => {
  const found = ambiguityIn(args, []);
  if (found) context.addIssue({ code: 'custom', ...found });
});

type Found = Pick<StrictJsonProblem, 'message'> & { path: (string | number)[] };

function ambiguityIn(value: unknown, path: (string | number)[]): Found | undefined {
  if (typeof value === 'string') return ambiguousText(value, path);
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : { path, message: 'is a number that JSON does not have' };
  if (typeof value !== 'object' || value === null) return undefined;
  if (path.length === maxDepth) return { path: [], message: `is nested more than ${maxDepth} levels deep` };
  const isList = Array.isArray(value);
  for (const [name, each] of Object.entries(value)) {
    const there = [...path, isList ? Number(name) : name];
    const found = (isList ? undefined : ambiguousText(name, path)) ?? ambiguityIn(each, there);
    if (found) return found;
  }
  return undefined;
}

function ambiguousText(text: string, path: (string | number)[]): Found | undefined {
  if (!text.isWellFormed()) return { path, message: 'has half of a character (a lone surrogate)' };
  return text.includes('\0') ? { path, message: 'has the character U+0000' } : undefined;
}
