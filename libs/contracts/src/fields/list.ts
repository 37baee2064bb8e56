import { z } from 'zod';
import { Id } from './fields.js';

/** Some of these names, separated by commas, as a query has them. */
export function listOf<T extends Readonly<Record<string, string>>>(names: z.ZodEnum<T>) {
  const one = `(${names.options.map((name) => String(name).replaceAll('.', '\\.')).join('|')})`;
  return z
    .string()
    .meta({ pattern: `^${one}(,${one})*$` })
    .transform((text) => text.split(','))
    .pipe(z.array(names));
}

const mostIds = 100;

/** The records of any of these, in place of one; an id with a comma cannot be among them. */
export const IdList = z
  .string()
  .meta({ description: `Up to ${mostIds} ids, separated by commas: of any of them.` })
  .transform((text) => text.split(','))
  .pipe(z.array(Id).min(1).max(mostIds));
