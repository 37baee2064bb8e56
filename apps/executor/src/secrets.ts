import { parseTemplate, placeholdersOf } from '@countersign/definitions';

/** What is shorter is a name or a number rather than a secret, and hiding it would hide much else. */
const shortest = 8;

/** Hides what nobody may read. */
export type Mask = (text: string) => string;

/**
 * Hides the values of every `{{env.NAME}}` in these entries of the file, also as they are in a URL or in JSON: a target
 * may say what it was told, and what a call says is stored and shown.
 */
export function maskFor(entries: unknown, env: Record<string, string | undefined>): Mask {
  const values = [...environmentNames(entries)].flatMap((name) => env[name]?.split(/\r?\n/) ?? []);
  const secrets = values
    .map((value) => value.trim())
    .filter((value) => value.length >= shortest)
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]);
  // The longest first: one may be part of another.
  const sorted = [...new Set(secrets)].toSorted((one, other) => other.length - one.length);
  return (text) => sorted.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
}

function environmentNames(value: unknown): Set<string> {
  if (typeof value === 'string') return new Set(namesIn(value));
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(Object.values(value).flatMap((each) => [...environmentNames(each)]));
}

function namesIn(text: string): string[] {
  try {
    return placeholdersOf(parseTemplate(text)).flatMap(({ scope, name }) => (scope === 'env' ? [name] : []));
  } catch {
    // Not every text of an entry is a template.
    return [];
  }
}
