import { ConfigError } from '@countersign/contracts/problems';
import { environmentVariable } from '@countersign/definitions';
import { parseTemplate, placeholdersOf } from '@countersign/definitions/templates';
import type { ApprovedCall } from '../adapters/adapter.js';
import { compileTemplate, type TemplateScope } from './template.js';

/** What a header may have: nothing that could end it, and nothing that HTTP has no bytes for. */
const permitted = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Names are in lower case. A header whose only value is absent is omitted.
 *
 * @throws ConfigError when the environment lacks a variable, or has one that no header can have.
 */
export function compileHeaders(
  headers: Record<string, string>,
  scope: TemplateScope,
): (call: ApprovedCall) => Record<string, string> {
  const compiled = Object.entries(headers).map(([name, text]) => {
    checkEnvironment(name, text, scope);
    return [name.toLowerCase(), compileTemplate(text, scope)] as const;
  });
  return (call) => {
    const filled = compiled.flatMap(([name, template]) => {
      const value = template(call);
      // The value is not shown: it may be a secret.
      if (value !== undefined && !permitted.test(value))
        throw new Error(`the header ${name} would have characters that no header can have`);
      return value === undefined ? [] : [[name, value] as const];
    });
    return Object.fromEntries(filled);
  };
}

/** A line break at the end of a secret is found when the executor starts, not when a call is made. */
function checkEnvironment(header: string, text: string, { env }: TemplateScope): void {
  for (const placeholder of placeholdersOf(parseTemplate(text))) {
    const { scope, name } = placeholder;
    if (scope === 'env' && !permitted.test(environmentVariable(placeholder, env)))
      throw new ConfigError(
        `The environment variable ${name} has characters that no header can have, such as a line break: {{env.${name}}} is in the header ${header}.`,
      );
  }
}
