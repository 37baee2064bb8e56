import { validatorOf } from './arguments.js';
import { checkGate } from './checks.gate.js';
import type { CommandEntry, ToolEntry } from './file.js';
import type { Path, Problem } from './source.js';
import { parseTemplate, placeholdersOf, type Placeholder } from './template.js';
import { requirementOf } from './tool-of-file.js';

/** What is wrong with a tool of the file, beyond its shape. */
export const checkTool = (tool: ToolEntry, path: Path): Problem[] => [
  ...checkParameters(tool, path),
  ...checkGate(tool, path),
  ...checkWhoMakesIt(tool, path),
  ...(tool.execute ? checkCommand(tool.execute.command, tool, [...path, 'execute', 'command']) : []),
];

function checkParameters(tool: ToolEntry, path: Path): Problem[] {
  const at = (field: string, message: string) => ({ path: [...path, field], message });
  if (tool.parameters['type'] !== 'object')
    return [at('parameters', 'must say "type: object", with each argument as a property')];
  try {
    validatorOf(tool.parameters);
  } catch (error) {
    return [at('parameters', `is not a JSON Schema: ${(error as Error).message}`)];
  }
  const undeclared = (field: 'user_input' | 'redact') =>
    tool[field].flatMap((name, n) => {
      if (declaresArgument(tool, name)) return [];
      const message = `"${name}" is no argument of this tool: declare it under parameters.properties`;
      return [{ path: [...path, field, n], message }];
    });
  return [...undeclared('user_input'), ...undeclared('redact')];
}

function checkWhoMakesIt(tool: ToolEntry, path: Path): Problem[] {
  const { approval, execute } = tool;
  const requires = requirementOf(tool);
  if (execute && (requires !== 'external_execution' || approval === 'none')) {
    const message =
      'needs "requires: external_execution" and "approval: required" or "audit": the executor makes no call without a decision';
    return [{ path: [...path, 'execute'], message }];
  }
  if (requires !== null && requires !== 'confirmation') return [];
  const what = requires === null ? 'without approval and requires' : 'that requires confirmation';
  const message = `a tool ${what} is made by the runner, and this one has no function: write it in TypeScript and name its file under tool_modules, or take it from an MCP server`;
  return [{ path: requires === null ? path : [...path, 'requires'], message }];
}

function checkCommand({ program, args, env }: CommandEntry, tool: ToolEntry, path: Path): Problem[] {
  const inArgs = args.flatMap((text, n) =>
    checkTemplate(text, [...path, 'args', n], ({ scope, name }) => {
      if (scope !== 'arguments' || declaresArgument(tool, name)) return undefined;
      return `{{arguments.${name}}} is no argument of this tool: declare it under parameters.properties`;
    }),
  );
  const inEnv = Object.entries(env).flatMap(([variable, text]) =>
    checkTemplate(text, [...path, 'env', variable], ({ scope, name }) =>
      scope === 'env' || scope === 'settings'
        ? undefined
        : `{{${scope}.${name}}} differs from call to call: pass it in args`,
    ),
  );
  const chosen = {
    path: [...path, 'program'],
    message: 'can have no placeholders: what a call runs is always the same',
  };
  return [...(program.includes('{{') ? [chosen] : []), ...inArgs, ...inEnv];
}

/** @param objection what speaks against a placeholder that is well written. */
export function checkTemplate(
  text: string,
  path: Path,
  objection: (placeholder: Placeholder) => string | undefined,
): Problem[] {
  try {
    const objections = placeholdersOf(parseTemplate(text)).map(objection);
    return objections.filter((message) => message !== undefined).map((message) => ({ path, message }));
  } catch (error) {
    return [{ path, message: (error as Error).message }];
  }
}

const declaresArgument = ({ parameters }: ToolEntry, name: string): boolean =>
  Object.hasOwn((parameters['properties'] as object | undefined) ?? {}, name);
