import { ConfigError } from '@countersign/contracts';
import { environmentVariable, parseTemplate, placeholdersOf, type Placeholder } from '@countersign/definitions';
import type { ApprovedCall } from './adapter.js';

/** What placeholders stand for that has nothing to do with a call. */
export interface Surroundings {
  settings: { deploy_target_dir: string };
  env: Record<string, string | undefined>;
}

/** What a call makes of a text; `undefined` when the only thing it passes on was not given. */
export type Template = (call: ApprovedCall) => string | undefined;

/**
 * Values go in as they are, and are never read as a template themselves.
 *
 * @throws ConfigError when the environment lacks a variable that the text names.
 */
export function compileTemplate(text: string, surroundings: Surroundings): Template {
  const parts = parseTemplate(text);
  const values = parts.map((part) => (typeof part === 'string' ? () => part : valueOf(part, surroundings)));
  const isAlone = placeholdersOf(parts).length === 1;
  return (call) => {
    const texts = values.map((value) => value(call));
    if (!texts.includes(undefined)) return texts.join('');
    if (isAlone) return undefined;
    // Half of an argument could mean something else altogether, such as a whole directory.
    throw new Error(`${text} cannot be filled in: the call has not all of its arguments`);
  };
}

/** A value that is the same for every call. @throws ConfigError as above, and for what only a call can say. */
export function fixedValue(text: string, surroundings: Surroundings): string {
  const values = parseTemplate(text).map((part) => {
    if (typeof part === 'string') return part;
    if (part.scope === 'settings') return surroundings.settings[part.name as 'deploy_target_dir'];
    if (part.scope === 'env') return environmentVariable(part.name, surroundings.env);
    throw new ConfigError(`${text} differs from call to call`);
  });
  return values.join('');
}

function valueOf({ scope, name }: Placeholder, { settings, env }: Surroundings): Template {
  switch (scope) {
    case 'arguments':
      return ({ tool_args }) => (Object.hasOwn(tool_args, name) ? textOf(tool_args[name]) : undefined);
    case 'execution':
      return name === 'attempt' ? ({ attempt }) => String(attempt) : ({ id }) => id;
    case 'run':
      return ({ run_id }) => run_id;
    case 'settings':
      return () => settings.deploy_target_dir;
    case 'response':
      // Held by the file's checks.
      throw new ConfigError(`{{response.${name}}} has no value here`);
    case 'env': {
      const value = environmentVariable(name, env);
      return () => value;
    }
  }
}

/** `null` is how models leave out an argument where they must name all of them. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
