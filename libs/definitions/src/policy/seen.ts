import { hintsIn, wordOf, type PolicyCall } from './condition/call.js';
import type { Condition } from './condition/condition.js';
import { seenBy } from './condition/predicate.js';

/** An argument, or what a server says of its tool, as a rule compared it; null where it is absent, or not trusted. */
export interface Seen {
  path: string;
  value: unknown;
}

const mostSeen = 20;
const longestSeen = 200;

type Compared = Pick<PolicyCall, 'arguments' | 'annotations'>;

/** What these conditions compare of a call, each once. */
export function sawOf(conditions: readonly Condition[], call: Compared): Seen[] {
  const seen = new Map<string, Seen>();
  for (const { path, value } of conditions.flatMap((condition) => comparedBy(condition, call)))
    seen.set(JSON.stringify([path, value]), { path, value });
  return [...seen.values()].slice(0, mostSeen);
}

function comparedBy(condition: Condition, call: Compared): Seen[] {
  const { arguments: predicates = {}, annotations, all = [], any = [], not } = condition;
  return [
    ...Object.entries(predicates).map(([path, predicate]) => ({
      path,
      value: short(seenBy(predicate, path, call.arguments)),
    })),
    ...(annotations ? hintsIn(annotations) : []).map(([name]) => {
      return { path: `annotations.${name}`, value: wordOf(annotations!, call)?.[name] ?? null };
    }),
    ...[...all, ...any, ...(not ? [not] : [])].flatMap((each) => comparedBy(each, call)),
  ];
}

function short(value: unknown): unknown {
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean')
    return value ?? null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= longestSeen ? value : `${text.slice(0, longestSeen)}…`.toWellFormed();
}
