import { foldedText } from '@countersign/contracts/auth';
import type { Predicate } from './condition.js';
import { patternOf, TextTooLong, type Pattern } from '../../pattern/pattern.js';
import { allOf, anyOf, not, type Truth } from './truth.js';

type Scalar = string | number | boolean;
type Operators = Omit<Predicate, 'ignore_case'>;
type Tests = {
  [Name in keyof Operators]-?: (value: unknown, operand: NonNullable<Operators[Name]>, ignoreCase: boolean) => Truth;
};

const longestText = 10_000;

/** Whether an argument satisfies the predicate. Open when it is absent or of another type than it is compared with. */
export function meets(predicate: Predicate, path: string, args: Record<string, unknown>): Truth {
  const { ignore_case, ...operators } = ignoringCase(predicate);
  const value = comparable(valueAt(path, args), ignore_case);
  const named = Object.entries(operators).filter(([, operand]) => operand !== undefined);
  return allOf(
    named.map(([name, operand]) => tests[name as keyof Tests](value, operand as never, ignore_case === true)),
  );
}

/** The value that a predicate compares, as it does so; undefined where there is none. */
export function seenBy({ ignore_case }: Predicate, path: string, args: Record<string, unknown>): unknown {
  const value = comparable(valueAt(path, args), ignore_case);
  return value === misplaced ? undefined : value;
}

/** The predicate with what it compares with as values are compared. */
function ignoringCase(predicate: Predicate): Predicate {
  if (!predicate.ignore_case) return predicate;
  const { equals, not_equals, in: isIn, not_in, contains, starts_with, ends_with } = predicate;
  return {
    ...predicate,
    equals: comparable(equals, true),
    not_equals: comparable(not_equals, true),
    in: isIn?.map((each) => comparable(each, true)),
    not_in: not_in?.map((each) => comparable(each, true)),
    contains: foldedPart(contains),
    starts_with: foldedPart(starts_with),
    ends_with: foldedPart(ends_with),
  };
}

/** White space around a part of a text belongs to it. */
function foldedPart<T>(part: T): T {
  if (typeof part !== 'string') return part;
  const [, before = '', after = ''] = /^(\s*)[^]*?(\s*)$/u.exec(part) ?? [];
  return ((before && ' ') + foldedText(part) + (after && ' ')) as T;
}

/** A text, or the texts of a list, case-folded where `ignore_case` is set. */
function comparable<T>(value: T, ignore_case: boolean | undefined): T {
  if (!ignore_case) return value;
  if (typeof value === 'string') return foldedText(value) as T;
  return Array.isArray(value) ? (value.map((each: unknown) => comparable(each, true)) as T) : value;
}

/** Something stands in the way of the path, so that it is unknown whether the argument is there. */
const misplaced = Symbol('misplaced');

function valueAt(path: string, args: Record<string, unknown>): unknown {
  let value: unknown = args;
  for (const name of path.split('.')) {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'object' || (Array.isArray(value) && !/^\d+$/.test(name))) return misplaced;
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value;
}

const tests: Tests = {
  equals,
  not_equals: (value, operand) => not(equals(value, operand)),
  in: isIn,
  not_in: (value, operands) => not(isIn(value, operands)),
  matches: (value, pattern, ignoreCase) =>
    typeof value === 'string' && value.length <= longestText ? found(patternOf(pattern, ignoreCase), value) : 'unknown',
  greater_than: (value, bound) => compared(value, (number) => number > bound),
  less_than: (value, bound) => compared(value, (number) => number < bound),
  at_least: (value, bound) => compared(value, (number) => number >= bound),
  at_most: (value, bound) => compared(value, (number) => number <= bound),
  exists: (value, wanted) => (value === misplaced ? 'unknown' : (value !== undefined && value !== null) === wanted),
  contains: (value, part) => {
    if (Array.isArray(value)) return anyOf(value.map((member) => equals(member, part)));
    return typeof value === 'string' && typeof part === 'string' ? value.includes(part) : 'unknown';
  },
  starts_with: (value, start) => (typeof value === 'string' ? value.startsWith(start) : 'unknown'),
  ends_with: (value, end) => (typeof value === 'string' ? value.endsWith(end) : 'unknown'),
};

function found(pattern: Pattern, value: string): Truth {
  try {
    return pattern.test(value);
  } catch (error) {
    if (error instanceof TextTooLong) return 'unknown';
    throw error;
  }
}

function equals(value: unknown, operand: Scalar): Truth {
  return typeof value === typeof operand ? value === operand : 'unknown';
}

/** Open only when the value is of a type that none of them has. */
function isIn(value: unknown, operands: readonly Scalar[]): Truth {
  const comparable = operands.filter((operand) => typeof operand === typeof value);
  return comparable.length === 0 ? 'unknown' : comparable.some((operand) => operand === value);
}

const compared = (value: unknown, test: (number: number) => boolean): Truth =>
  typeof value === 'number' && Number.isFinite(value) ? test(value) : 'unknown';
