import { validatorOf } from '../templates/arguments.js';
import { checkPresentation } from './presentation.js';
import { checkGate } from './gate.js';
import { declaresArgument } from './template.js';
import { checkExecute } from '../execute/checks.js';
import { checkPreview } from '../execute/preview.js';
import type { ToolEntry } from '../schema/file.js';
import { wrongPatterns } from '../pattern/schema-patterns.js';
import type { Path, Problem } from '../load/source.js';
import { requirementOf } from '../load/tool-of-file.js';

/** What is wrong with a tool of the file, beyond its shape. */
export const checkTool = (tool: ToolEntry, path: Path): Problem[] => [
  ...checkParameters(tool, path),
  ...checkGate(tool, path),
  ...checkWhoMakesIt(tool, path),
  ...(tool.presentation ? checkPresentation(tool.presentation, [...path, 'presentation'], tool) : []),
  ...(tool.execute ? checkExecute(tool.execute, tool, [...path, 'execute']) : []),
  ...(tool.preview ? checkPreview(tool.preview, tool, [...path, 'preview']) : []),
];

function checkParameters(tool: ToolEntry, path: Path): Problem[] {
  const at = (field: string, message: string) => ({ path: [...path, field], message });
  if (tool.parameters['type'] !== 'object')
    return [at('parameters', 'must say "type: object", with each argument as a property')];
  const wrong = wrongPatterns(tool.parameters);
  if (wrong.length > 0)
    return wrong.map((each) => ({ path: [...path, 'parameters', ...each.path], message: each.message }));
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
