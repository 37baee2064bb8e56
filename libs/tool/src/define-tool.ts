import { ToolDefinition, withoutNeedlessPatterns, wrongPatterns } from '@countersign/definitions';
import { z } from 'zod';
import { defaultPause, gateProblems, type CallContext, type Tool, type ToolFunction } from './tool.js';

/** Marks what `defineTool` made, also when a module brought its own copy of this one. */
const tag = Symbol.for('countersign.tool');

/** A tool as `defineTool` makes it. Export it from a module that the runner is told to load. */
export interface DefinedTool extends Tool {
  readonly run: ToolFunction;
  readonly [tag]: true;
}

/** A tool whose calls the runner makes itself. */
export interface ToolOptions<Parameters extends z.ZodObject> {
  /** What the model calls it: letters, digits, _ and -, at most 64. */
  name: string;
  /** Tells the model what it does and when to use it. */
  description: string;
  /** What the arguments must fit. The model sees it as JSON Schema. */
  parameters: Parameters;
  /** Whether somebody must approve each call, or each call is recorded; `none` unless said otherwise. */
  approval?: ToolDefinition['approval'];
  /** What a run waits for before a call is made: nothing without approval, else `confirmation`. */
  requires?: 'confirmation' | 'user_input' | null;
  /** Parameters that a person fills in, with `requires: 'user_input'`; none named: all. The model does not see them. */
  user_input?: readonly (keyof Parameters['shape'] & string)[];
  /** Parameters that lists, logs and events for an audience do not show. */
  redact?: readonly (keyof Parameters['shape'] & string)[];
  /** Characters of what it returns that reach the model. */
  max_output?: number;
  /**
   * Makes the call. The arguments fit `parameters`, with its defaults filled in. Returns a text or any JSON value, which
   * is what the model is answered; throws to have the model told that the call failed.
   */
  run(args: z.output<Parameters>, context: CallContext): unknown;
}

/** @throws naming everything that is wrong with the definition. */
export function defineTool<Parameters extends z.ZodObject>(options: ToolOptions<Parameters>): DefinedTool {
  const definition = definitionOf(options);
  return { [tag]: true, definition, run: (args, context) => call(options, args, context) };
}

export const isDefinedTool = (value: unknown): value is DefinedTool =>
  typeof value === 'object' && value !== null && (value as { [tag]?: unknown })[tag] === true;

function definitionOf<Parameters extends z.ZodObject>(options: ToolOptions<Parameters>): ToolDefinition {
  const { name, description, parameters, approval = 'none', user_input = [], redact = [], max_output } = options;
  const wrong = (problems: readonly string[]) =>
    new Error(`The tool "${name}" is not defined right:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  if (typeof options.run !== 'function') throw wrong(['run must be a function']);
  const parsed = ToolDefinition.safeParse({
    name,
    description,
    parameters: jsonSchemaOf(parameters, wrong),
    approval,
    requires: options.requires === undefined ? defaultPause(approval) : options.requires,
    user_input,
    redact,
    max_output,
    made_by: 'runner',
  });
  if (!parsed.success)
    throw wrong(parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`));
  const patterns = wrongPatterns(parsed.data.parameters);
  const problems = [
    ...gateProblems(parsed.data),
    ...patterns.map(({ path, message }) => `parameters.${path.join('.')} ${message}, or use refine()`),
  ];
  if (problems.length > 0) throw wrong(problems);
  return parsed.data;
}

function jsonSchemaOf(parameters: z.ZodObject, wrong: (problems: readonly string[]) => Error): unknown {
  try {
    // As plain data: zod's own has more in it than JSON shows.
    return withoutNeedlessPatterns(JSON.parse(JSON.stringify(z.toJSONSchema(parameters, { io: 'input' }))));
  } catch (error) {
    throw wrong([`parameters must be a z.object() that JSON Schema can express: ${(error as Error).message}`]);
  }
}

async function call<Parameters extends z.ZodObject>(
  { parameters, run }: ToolOptions<Parameters>,
  args: Record<string, unknown>,
  context: CallContext,
): Promise<string> {
  const parsed = await parameters.safeParseAsync(args);
  if (!parsed.success) throw new Error(`The arguments are wrong, nothing was done:\n${z.prettifyError(parsed.error)}`);
  return textOf(await run(parsed.data, context));
}

function textOf(result: unknown): string {
  if (typeof result === 'string') return result;
  try {
    return (JSON.stringify(result) as string | undefined) ?? 'done';
  } catch (error) {
    throw new Error(`The call was made, but what it returned cannot be written as JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
