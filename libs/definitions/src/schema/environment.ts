import { ConfigError } from '@countersign/contracts/problems';
import { readFileSync } from 'node:fs';
import { parseTemplate, written, type Placeholder, type TemplatePart } from '../templates/template.js';

type Environment = Record<string, string | undefined>;

/**
 * A text of the file with `{{env.NAME}}` replaced, as the files of variables are now.
 *
 * @param secrets gets to know each value
 * @throws ConfigError naming a variable that is not set.
 */
export function withEnvironment(value: string, env: Environment, secrets?: { add(secret: string): void }): string {
  const resolve = (part: TemplatePart): string => {
    if (typeof part === 'string') return part;
    if (part.scope !== 'env') throw new ConfigError(`${written(part)} has no value here`);
    const found = environmentVariable(part, env);
    secrets?.add(found);
    return found;
  };
  return parseTemplate(value).map(resolve).join('');
}

/** A process has its environment from its start: that takes a new process. */
export class UnsetVariable extends ConfigError {
  override readonly name = 'UnsetVariable';
}

/** @throws ConfigError when it is neither set nor has a default; one that is empty is set, but not by an empty file. */
export function environmentVariable({ name, fallback }: Placeholder, env: Environment): string {
  const value = environmentValue(name, env);
  if (fallback !== undefined) return value || fallback;
  // As it is for a moment where a file is written anew in place.
  if (value === '' && env[`${name}_FILE`]) throw new ConfigError(`${name}_FILE: ${env[`${name}_FILE`]} is empty`);
  if (value === undefined)
    throw new UnsetVariable(
      `The environment variable ${name} is not set: {{env.${name}}} needs it, or ${name}_FILE that names a file with it.`,
    );
  return value;
}

/**
 * A variable, or what is in the file that `NAME_FILE` names, without the line break at its end; undefined when neither
 * is set.
 *
 * @throws ConfigError when both are, or when the file cannot be read.
 */
export function environmentValue(name: string, env: Environment): string | undefined {
  const [value, file] = [env[name], env[`${name}_FILE`]];
  if (!file) return value;
  if (value) throw new ConfigError(`${name} and ${name}_FILE: only one may be set`);
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new ConfigError(`${name}_FILE: ${(cause as Error).message}`, { cause });
  }
}
