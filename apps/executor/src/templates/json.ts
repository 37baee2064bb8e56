import { parseTemplate } from '@countersign/definitions/templates';
import { compileTemplate, compileValue, type TemplateScope, type Template } from './template.js';

/**
 * What a call makes of a JSON value with texts in it. A text that is one placeholder becomes the value itself; a field
 * or an element without a value is omitted. Only values are filled in: the structure is the file's.
 *
 * @throws ConfigError when the environment lacks a variable that a text names.
 */
export function compileJson(value: unknown, scope: TemplateScope): Template<unknown> {
  if (typeof value === 'string') return compileText(value, scope);
  if (Array.isArray(value)) {
    const elements = value.map((each) => compileJson(each, scope));
    return (...args) => elements.map((element) => element(...args)).filter((element) => element !== undefined);
  }
  if (typeof value !== 'object' || value === null) return () => value;
  const fields = Object.entries(value).map(([name, each]) => [name, compileJson(each, scope)] as const);
  return (...args) => {
    const filled = fields.map(([name, field]) => [name, field(...args)] as const);
    return Object.fromEntries(filled.filter(([, field]) => field !== undefined));
  };
}

function compileText(text: string, scope: TemplateScope): Template<unknown> {
  const [first, ...others] = parseTemplate(text);
  const isAlone = first !== undefined && typeof first !== 'string' && others.length === 0;
  return isAlone ? compileValue(first, scope) : compileTemplate(text, scope);
}
