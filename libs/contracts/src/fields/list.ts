import { z } from 'zod';

/** Some of these names, separated by commas, as a query has them. */
export function listOf<T extends Readonly<Record<string, string>>>(names: z.ZodEnum<T>) {
  const one = `(${names.options.map((name) => String(name).replaceAll('.', '\\.')).join('|')})`;
  return z
    .string()
    .meta({ pattern: `^${one}(,${one})*$` })
    .transform((text) => text.split(','))
    .pipe(z.array(names));
}
