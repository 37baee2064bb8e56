import { environmentValue, parseTemplate, placeholdersOf } from '@countersign/definitions';
import { maskOf, type Mask } from './mask.js';
import { spellings } from './spellings.js';

/** What is shorter is a name or a number rather than a secret, and hiding it would hide much else. */
const shortest = 8;

/**
 * Hides the values of every `{{env.NAME}}` in these entries of the file, however they are spelt: a target may say what it
 * was told, and what a call says is stored and shown. Of a value of several lines each line is one as well.
 */
export function maskFor(entries: unknown, env: Record<string, string | undefined>): Mask {
  const values = [...environmentNames(entries)].map((name) => environmentValue(name, env) ?? '');
  const secrets = values
    .flatMap((value) => [value, ...value.split(/\r?\n/)])
    .map((value) => value.trim())
    .filter((value) => value.length >= shortest);
  return maskOf([...new Set(secrets.flatMap(spellings))]);
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
