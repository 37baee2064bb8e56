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
  return [...new Set(values.flatMap(spelt))];
}

function spelt(secret: string): string[] {
  const lines = [secret, ...secret.split(/\r?\n/)].map((line) => line.trim());
  return lines.filter((line) => line.length >= shortest).flatMap(spellings);
}

/** How many values are kept that have been read since the start: tokens of minutes would be thousands. */
const mostRead = 32;

/** Secrets that may be replaced while a process runs: those of the file as they were at its start, and the last that were used. */
export class KnownSecrets {
  readonly #declared = new Set<string>();
  readonly #read = new Set<string>();
  #list: readonly string[] | undefined;

  /** Whatever is sent to others goes through here before, each time. */
  add(secret: string): void {
    if (this.#declared.has(secret)) return;
    if (!this.#read.delete(secret)) this.#list = undefined;
    this.#read.add(secret);
    if (this.#read.size > mostRead) this.#read.delete(this.#read.values().next().value!);
  }

  /** The values of every `{{env.NAME}}` in these entries of the file. */
  addAll(entries: unknown, env: Record<string, string | undefined>): void {
    for (const name of environmentNames(entries)) this.#declared.add(environmentValue(name, env) ?? '');
    this.#list = undefined;
  }

  /** All of them, in each way they may be spelt. */
  readonly list = (): readonly string[] =>
    (this.#list ??= [...new Set([...this.#declared, ...this.#read].flatMap(spelt))]);
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
