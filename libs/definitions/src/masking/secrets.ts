import { environmentValue } from '../schema/environment.js';
import { parseTemplate, placeholdersOf } from '../templates/template.js';
import { maskOf, type Mask } from './mask.js';
import { spellings } from './spellings.js';

/** What is shorter is a name or a number rather than a secret, and hiding it would hide much else. */
const shortest = 8;

/** Of an argument whose tool declares that not everybody may see it. What is shorter cannot be hidden among other text. */
const shortestRedacted = 4;

/** Hides the values of every `{{env.NAME}}` in these entries of the file. */
export const maskFor = (entries: unknown, env: Record<string, string | undefined>): Mask =>
  maskOf(secretsIn(entries, env));

/**
 * The values of every `{{env.NAME}}` in these entries of the file, in each way they may be spelt: a target may echo what it
 * received, and the output of a call is stored and shown. Of a value of several lines each line is one as well.
 */
export function secretsIn(entries: unknown, env: Record<string, string | undefined>): string[] {
  const values = [...environmentNames(entries)].map((name) => environmentValue(name, env) ?? '');
  const secrets = values
    .flatMap((value) => [value, ...value.split(/\r?\n/)])
    .map((value) => value.trim())
    .filter((value) => value.length >= shortest);
  return [...new Set(secrets.flatMap(spellings))];
}

/** The values of these arguments, and of all that is in them, in each way they may be spelt. */
export function redactedIn(args: Record<string, unknown>, redact: readonly string[]): string[] {
  const texts = redact.flatMap((name) => textsIn(Object.hasOwn(args, name) ? args[name] : undefined));
  const values = texts.map((text) => text.trim()).filter((text) => text.length >= shortestRedacted);
  return [...new Set(values.flatMap(spellings))];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
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
