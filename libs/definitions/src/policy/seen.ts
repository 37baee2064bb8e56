import type { Condition } from './condition/condition.js';
import { seenBy } from './condition/predicate.js';

/** An argument as a rule compared it; null where it is absent. */
export interface Seen {
  path: string;
  value: unknown;
}

const mostSeen = 20;
const longestSeen = 200;

/** What these conditions compare of the arguments, each once. */
export function sawOf(conditions: readonly Condition[], args: Record<string, unknown>): Seen[] {
  const seen = new Map<string, Seen>();
  for (const { path, value } of conditions.flatMap((condition) => comparedBy(condition, args)))
    seen.set(JSON.stringify([path, value]), { path, value });
  return [...seen.values()].slice(0, mostSeen);
}

function comparedBy(condition: Condition, args: Record<string, unknown>): Seen[] {
  const { arguments: predicates = {}, all = [], any = [], not } = condition;
  return [
    ...Object.entries(predicates).map(([path, predicate]) => ({ path, value: short(seenBy(predicate, path, args)) })),
    ...[...all, ...any, ...(not ? [not] : [])].flatMap((each) => comparedBy(each, args)),
  ];
}

function short(value: unknown): unknown {
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean')
    return value ?? null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= longestSeen ? value : `${text.slice(0, longestSeen)}…`.toWellFormed();
}
