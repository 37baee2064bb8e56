import type { z } from 'zod';
import type { Path, Problem } from '../load/source.js';

/** The entries of a list that have the right shape. */
export const sound = <S extends z.ZodType>(file: unknown, list: Path, schema: S): [Path, z.infer<S>][] =>
  listIn(file, list).flatMap((entry, n): [Path, z.infer<S>][] => {
    const parsed = schema.safeParse(entry);
    return parsed.success ? [[[...list, n], parsed.data]] : [];
  });

/** Entries that take the name of another one. */
export function duplicates(file: unknown, list: Path, key: string): Problem[] {
  const names = namesIn(file, list, key);
  return names.flatMap((name, n) => {
    const first = names.indexOf(name);
    if (name === undefined || first === n) return [];
    const message = `"${name}" is taken by ${[...list, first].map(String).join('.')}: give each another ${key}`;
    return [{ path: [...list, n, key], message }];
  });
}

/** Of every entry, whatever else is wrong with it. */
export const namesIn = (file: unknown, list: Path, key: string): (string | undefined)[] =>
  listIn(file, list).map((entry) => {
    const name = (entry as Record<string, unknown> | null)?.[key];
    return typeof name === 'string' ? name : undefined;
  });

export function listIn(file: unknown, list: Path): unknown[] {
  const found = valueIn(file, list);
  return Array.isArray(found) ? found : [];
}

/** What is there, whatever is wrong with it. */
export const valueIn = (file: unknown, path: Path): unknown =>
  path.reduce((value, name) => (value as Record<PropertyKey, unknown> | null | undefined)?.[name], file);
