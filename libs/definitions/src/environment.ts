import { ConfigError } from '@countersign/contracts';
import { parseTemplate, type TemplatePart } from './template.js';

/** A text of the file with `{{env.NAME}}` replaced. @throws ConfigError naming a variable that is not set. */
export function withEnvironment(value: string, env: Record<string, string | undefined>): string {
  const resolve = (part: TemplatePart): string => {
    if (typeof part === 'string') return part;
    if (part.scope !== 'env') throw new ConfigError(`{{${part.scope}.${part.name}}} has no value here`);
    return environmentVariable(part.name, env);
  };
  return parseTemplate(value).map(resolve).join('');
}

/** @throws ConfigError when it is not set; one that is empty is. */
export function environmentVariable(name: string, env: Record<string, string | undefined>): string {
  const value = env[name];
  if (value === undefined)
    throw new ConfigError(`The environment variable ${name} is not set: {{env.${name}}} needs it.`);
  return value;
}
