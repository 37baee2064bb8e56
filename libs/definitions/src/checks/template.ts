import type { Path, Problem } from '../load/source.js';
import { parseTemplate, placeholdersOf, written, type Placeholder } from '../templates/template.js';
import type { ToolDefinition } from '../schema/tool.js';

/** Something with arguments that are declared. */
export type Parametric = Pick<ToolDefinition, 'parameters'>;

/** What speaks against a placeholder that is well written, if anything does. */
export type Objection = (placeholder: Placeholder) => string | undefined;

export function checkTemplate(text: string, path: Path, objection: Objection): Problem[] {
  try {
    return objections(placeholdersOf(parseTemplate(text)), path, objection);
  } catch (error) {
    return [{ path, message: (error as Error).message }];
  }
}

export const objections = (placeholders: readonly Placeholder[], path: Path, objection: Objection): Problem[] =>
  placeholders
    .map(objection)
    .filter((message) => message !== undefined)
    .map((message) => ({ path, message }));

/** Texts of a call: they may pass on its declared arguments, and have values of these scopes besides. */
export const passesOn =
  (tool: Parametric, ...scopes: Placeholder['scope'][]): Objection =>
  (placeholder) => {
    const { scope, name } = placeholder;
    if (scope === 'arguments') return undeclared(tool, name);
    return scopes.includes(scope) ? undefined : `${written(placeholder)} has no value here`;
  };

function undeclared(tool: Parametric, name: string): string | undefined {
  if (declaresArgument(tool, name)) return undefined;
  return `{{arguments.${name}}} is no argument of this tool: declare it under parameters.properties`;
}

/** As `objection`, and for texts that are wrong without an argument. @param what as in "fills a path segment". */
export const always =
  (tool: Parametric, objection: Objection, what: string): Objection =>
  (placeholder) => {
    const { scope, name } = placeholder;
    const found = objection(placeholder);
    if (found !== undefined || scope !== 'arguments' || requiresArgument(tool, name)) return found;
    return `${written(placeholder)} ${what}, so no call can do without it: list it under parameters.required`;
  };

/** Texts within a JSON value. The names of its fields are the file's own. */
export function checkJson(value: unknown, path: Path, objection: Objection): Problem[] {
  if (typeof value === 'string') return checkTemplate(value, path, objection);
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([name, each]) => {
    const message = 'can have no placeholder in its name: only values are filled in';
    const named = !isList && name.includes('{{') ? [{ path: [...path, name], message }] : [];
    return [...named, ...checkJson(each, [...path, isList ? Number(name) : name], objection)];
  });
}

/** Whether calls of the tool can have this argument. */
export const declaresArgument = ({ parameters }: Parametric, name: string): boolean =>
  Object.hasOwn((parameters['properties'] as object | undefined) ?? {}, name);

const requiresArgument = ({ parameters }: Parametric, name: string): boolean => {
  const { required } = parameters;
  return Array.isArray(required) && required.includes(name);
};
