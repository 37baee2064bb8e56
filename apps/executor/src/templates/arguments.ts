import { parseTemplate, type Placeholder } from '@countersign/definitions/templates';
import type { ApprovedCall } from '../adapters/adapter.js';
import { compilePart, compileTemplate, type TemplateScope } from './template.js';

/** What ends the options of a program: whatever comes after it is no option, even if it begins with a dash. */
const endOfOptions = '--';

/**
 * The arguments of a program. A value of a call never becomes an option: one that decides the first character of an
 * argument must not begin with a dash, unless options have ended before or the file allows it.
 *
 * @param allowed names of arguments whose values may begin with a dash, such as a number that may be negative
 * @throws ConfigError when the environment lacks a variable that is named.
 */
export function compileArguments(texts: readonly string[], allowed: readonly string[], scope: TemplateScope) {
  const end = texts.indexOf(endOfOptions);
  const templates = texts.map((text, n) =>
    end >= 0 && n > end ? compileTemplate(text, scope) : compileArgument(text, allowed, scope),
  );
  return (call: ApprovedCall): string[] =>
    templates.map((template) => template(call)).filter((text) => text !== undefined);
}

function compileArgument(text: string, allowed: readonly string[], scope: TemplateScope) {
  const whole = compileTemplate(text, scope);
  const parts = parseTemplate(text).map((part) => ({ part, value: compilePart(part, scope) }));
  return (call: ApprovedCall): string | undefined => {
    const filled = whole(call);
    if (!filled?.startsWith('-')) return filled;
    const first = parts.find(({ value }) => value(call) !== '')!.part;
    if (typeof first === 'string' || isOurs(first) || (first.scope === 'arguments' && allowed.includes(first.name)))
      return filled;
    throw new Error(
      `${first.name} begins with a dash, so the program would take it for an option; nothing was done. ` +
        `In the file, put "--" before ${text}, write it as --name=${text}, or list ${first.name} under allow_leading_dash`,
    );
  };
}

/** What the file or this program chooses, and neither a model nor the name of a person. */
const isOurs = ({ scope, name }: Placeholder): boolean =>
  scope === 'env' || scope === 'execution' || (scope === 'run' && name === 'id');
