import { canonicalJson } from '@countersign/contracts/json';
import { ConfigError } from '@countersign/contracts/problems';
import { atPointer, environmentVariable } from '@countersign/definitions';
import type { KnownSecrets } from '@countersign/definitions/masking';
import { parseTemplate, placeholdersOf, type Placeholder, type TemplatePart } from '@countersign/definitions/templates';
import type { ApprovedCall } from '../adapters/adapter.js';

/** What placeholders stand for that has nothing to do with a call. */
export interface TemplateScope {
  /** A variable whose value is in a file is read for each call. */
  env: Record<string, string | undefined>;
  /** Gets to know what is read, before anybody is sent it. */
  secrets?: Pick<KnownSecrets, 'add'>;
}

/** What a call makes of a text; `undefined` when the only thing it passes on is absent. */
export type Template<T = string> = (call: ApprovedCall, response?: TargetResponse) => T | undefined;

/** What a target answered to the request that made a call. */
export interface TargetResponse {
  /** As JSON; undefined when it is none. */
  body: unknown;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Where the request went. */
  url: URL;
}

/**
 * Values go in as they are, and are never read as a template themselves.
 *
 * @throws ConfigError when the environment lacks a variable that the text names.
 */
export function compileTemplate(text: string, scope: TemplateScope): Template {
  const parts = parseTemplate(text);
  const values = parts.map((part) => compilePart(part, scope));
  const isAlone = placeholdersOf(parts).length === 1;
  return (...args) => {
    const texts = values.map((value) => value(...args));
    if (!texts.includes(undefined)) return texts.join('');
    if (isAlone) return undefined;
    // Half of an argument could mean something else altogether, such as a whole directory.
    throw new Error(`${text} cannot be filled in: the call has not all of its arguments`);
  };
}

/** A part of a text, as text. @throws ConfigError as above. */
export function compilePart(part: TemplatePart, scope: TemplateScope): Template {
  if (typeof part === 'string') return () => part;
  const value = compileValue(part, scope);
  // Arguments as people are shown them; of an answer the numbers as they were written.
  const write = part.scope === 'response' ? JSON.stringify : canonicalJson;
  return (...args) => {
    const found = value(...args);
    return found === undefined || typeof found === 'string' ? found : write(found);
  };
}

/**
 * The value that a placeholder stands for, of any type; `undefined` when it is absent. `null` is how models leave
 * out an argument where they must name all of them.
 *
 * @throws ConfigError as above.
 */
export function compileValue(placeholder: Placeholder, { env, secrets }: TemplateScope): Template<unknown> {
  const { scope, name } = placeholder;
  switch (scope) {
    case 'arguments':
      return ({ tool_args }) => (Object.hasOwn(tool_args, name) ? (tool_args[name] ?? undefined) : undefined);
    case 'execution':
      return name === 'attempt' ? ({ attempt }) => attempt : ({ id }) => id;
    case 'run':
      return name === 'user_id' ? ({ requester }) => requester ?? undefined : ({ run_id }) => run_id;
    case 'approval':
      return ({ approved_by }) => approved_by ?? undefined;
    case 'response':
      return (_, response) => inResponse(response, name);
    case 'env': {
      const value = environmentVariable(placeholder, env);
      if (!env[`${name}_FILE`]) return () => value;
      return () => {
        const now = environmentVariable(placeholder, env);
        secrets?.add(now);
        return now;
      };
    }
  }
}

/** A value that is the same for every call. @throws ConfigError as above, and for what only a call can say. */
export const fixedValue = (text: string, scope: TemplateScope): string => fixedParts(parseTemplate(text), scope);

export function fixedParts(parts: readonly TemplatePart[], { env }: TemplateScope): string {
  const values = parts.map((part) => {
    if (typeof part === 'string') return part;
    if (part.scope === 'env') return environmentVariable(part, env);
    throw new ConfigError(`{{${part.scope}.${part.name}}} differs from call to call`);
  });
  return values.join('');
}

const ofHeader = 'headers.';

function inResponse(response: TargetResponse | undefined, name: string): unknown {
  if (!name.startsWith(ofHeader)) return atPointer(response?.body, name) ?? undefined;
  const value = response?.headers[name.slice(ofHeader.length).toLowerCase()];
  // With several it is ambiguous.
  return typeof value === 'string' ? value : undefined;
}
