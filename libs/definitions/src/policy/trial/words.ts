import { patternInWords } from '../../pattern/words.js';
import { hintsIn } from '../condition/call.js';
import type { Condition, Predicate } from '../condition/condition.js';

/** What one part of a condition asks of a call, for people. */
export function wantIn(
  name: string,
  { arguments: predicates, annotations, agent, tool, requester }: Condition,
): string {
  const [predicate] = Object.values(predicates ?? {});
  if (predicate) return `${name} ${predicateInWords(predicate)}`;
  if (annotations) {
    const hints = hintsIn(annotations).map(([hint, wanted]) => `${hint} is ${wanted}`);
    return `${hints.join(' and ')}, by the word of ${oneOf(annotations.trusted)}`;
  }
  const listed = agent ?? tool ?? requester;
  return listed ? `${name} is ${oneOf(listed)}` : name;
}

const json = (value: unknown): string => JSON.stringify(value);
const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? json(values[0]) : `one of ${values.map(json).join(', ')}`;

type Says = {
  [Name in keyof Omit<Predicate, 'ignore_case'>]-?: (operand: NonNullable<Predicate[Name]>) => string;
};
const says: Says = {
  equals: (value) => `is ${json(value)}`,
  not_equals: (value) => `is not ${json(value)}`,
  in: (values) => `is ${oneOf(values)}`,
  not_in: (values) => `is not ${oneOf(values)}`,
  matches: (pattern) => `${patternInWords(pattern) ?? 'matches'} (${pattern})`,
  greater_than: (value) => `is greater than ${value}`,
  less_than: (value) => `is less than ${value}`,
  at_least: (value) => `is at least ${value}`,
  at_most: (value) => `is at most ${value}`,
  exists: (value) => (value ? 'is there' : 'is not there'),
  contains: (value) => `contains ${json(value)}`,
  starts_with: (value) => `begins with ${json(value)}`,
  ends_with: (value) => `ends with ${json(value)}`,
};

function predicateInWords({ ignore_case, ...operators }: Predicate): string {
  const named = Object.entries(operators).filter(([, operand]) => operand !== undefined);
  const words = named.map(([name, operand]) => says[name as keyof Says](operand as never)).join(' and ');
  return ignore_case ? `${words}, in any case` : words;
}
