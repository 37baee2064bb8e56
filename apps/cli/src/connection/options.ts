import { parseStrictJson } from '@countersign/contracts/json';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { readFileSync } from 'node:fs';
import { exitCodes, Failure } from './exit-codes.js';

/** A parser for commander. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A parser for commander, of an option that may be repeated. */
export const several = (value: string, earlier: string[] = []): string[] => [...earlier, value];

export const oneOf = (flags: string, description: string, choices: readonly string[]): Option =>
  new Option(flags, description).choices([...choices]);

/** Which part of a list is shown. */
export interface PageOptions {
  limit: number;
  page: number;
}
/** Gives a command that lists something the options of {@link PageOptions}. */
export const paged = (list: Command): Command =>
  list
    .addOption(new Option('-n, --limit <count>', 'maximum number').argParser(wholeNumber).default(50))
    .addOption(new Option('--page <number>', 'of so many').argParser(wholeNumber).default(1));

/** For commands that follow a stream. */
export interface PatienceOption {
  reconnectFor: number;
}
export const patienceOption = (): Option =>
  new Option('--reconnect-for <seconds>', 'how long to look for a server that is gone')
    .argParser(wholeNumber)
    .default(60);

/** The text itself, or that of a file for `@file`. */
export function textOf(value: string): string {
  if (!value.startsWith('@')) return value;
  try {
    return readFileSync(value.slice(1), 'utf8');
  } catch (cause) {
    throw new Failure(exitCodes.usage, `${value.slice(1)} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** A JSON object, from text or `@file`. @param what it is, for the error. */
export function jsonObject(text: string, what: string): Record<string, unknown> {
  const read = parseStrictJson(textOf(text));
  if (!read.ok && read.problem.code !== 'not_json')
    throw new Failure(exitCodes.usage, `${what}: ${read.problem.path}: ${read.problem.message}`);
  const value = read.ok ? read.value : undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Failure(exitCodes.usage, `${what} must be a JSON object, such as '{"version": "2.1.0"}', or @file.`);
}
