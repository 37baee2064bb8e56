import type { Presentation } from '@countersign/contracts/presentation';
import { Duration, ToolDefinition } from '@countersign/definitions';
import { TermsEntry, termsProblems } from '@countersign/definitions/execute';
import { withoutNeedlessPatterns, wrongPatterns } from '@countersign/definitions/pattern';
import { z } from 'zod';
import { defaultPause, gateProblems, madeBy, type CallableTool, type CallContext } from './tool.js';

/** Marks what `defineTool` made, also when a module brought its own copy of this one. */
const tag = Symbol.for('countersign.tool');

/** A tool as `defineTool` makes it. Export it from a module that `tool_modules` names. */
export interface DefinedTool extends CallableTool {
  readonly [tag]: true;
}

/** A tool that is a function: the executor makes its approved calls, the runner those that need no approval. */
export interface ToolOptions<Parameters extends z.ZodObject> {
  /** What the model calls it: letters, digits, _ and -, at most 64. */
  name: string;
  /** Tells the model what it does and when to use it. */
  description: string;
  /** What the arguments must fit. The model sees it as JSON Schema. */
  parameters: Parameters;
  /** Whether each call must be approved, or is recorded; default `none`. */
  approval?: ToolDefinition['approval'];
  /** What a run waits for before a call is made: nothing without approval, else `confirmation`. */
  requires?: 'confirmation' | 'user_input' | null;
  /** Parameters that a person fills in, with `requires: 'user_input'`; none named: all. The model does not see them. */
  user_input?: readonly (keyof Parameters['shape'] & string)[];
  /** Parameters that lists, logs and events for an audience do not show. */
  redact?: readonly (keyof Parameters['shape'] & string)[];
  /** How calls are shown to people, and how risky they are; default: by their values, and low. */
  presentation?: z.input<typeof Presentation>;
  /** Characters of what it returns that reach the model. */
  max_output?: number;
  /** How long a decision can be acted on where there is no record of the call, as `4h` or seconds; default 24 hours. */
  act_within?: z.input<typeof Duration>;
  /** Timeout of an approved call, as `90s` or seconds. Unset: EXECUTION_TIMEOUT_SECONDS. */
  timeout?: z.input<typeof Duration>;
  /** On which terms the executor makes approved calls: how often, when, and one at a time of which. */
  execute?: z.input<typeof TermsEntry>;
  /**
   * Makes the call. The arguments fit `parameters`, with its defaults filled in. Returns a text or any JSON value, which
   * is the output for the model; throws when the call failed, and `NotDone` when nothing was
   * done and it may be retried. The outcome of a call that was cut off is unknown, whatever it throws then.
   */
  run(args: z.output<Parameters>, context: CallContext): unknown;
}

/** @throws naming everything that is wrong with the definition. */
export function defineTool<Parameters extends z.ZodObject>(options: ToolOptions<Parameters>): DefinedTool {
  const definition = definitionOf(options);
  return { [tag]: true, definition, ...termsOf(options, definition), run: (args, ctx) => call(options, args, ctx) };
}

export const isDefinedTool = (value: unknown): value is DefinedTool =>
  typeof value === 'object' && value !== null && (value as { [tag]?: unknown })[tag] === true;

function definitionOf<Parameters extends z.ZodObject>(options: ToolOptions<Parameters>): ToolDefinition {
  const { name, description, parameters, approval = 'none', user_input = [], redact = [], max_output } = options;
  const wrong = (problems: readonly string[]) => notRight(name, problems);
  if (typeof options.run !== 'function') throw wrong(['run must be a function']);
  const parsed = ToolDefinition.safeParse({
    name,
    description,
    parameters: jsonSchemaOf(parameters, wrong),
    approval,
    requires: options.requires === undefined ? defaultPause(approval) : options.requires,
    user_input,
    redact,
    presentation: options.presentation,
    act_within: options.act_within,
    max_output,
    made_by: madeBy(approval),
  });
  if (!parsed.success) throw wrong(issuesOf(parsed.error));
  const patterns = wrongPatterns(parsed.data.parameters);
  const problems = [
    ...gateProblems(parsed.data),
    ...patterns.map(({ path, message }) => `parameters.${path.join('.')} ${message}, or use refine()`),
  ];
  if (problems.length > 0) throw wrong(problems);
  return parsed.data;
}

function termsOf<Parameters extends z.ZodObject>(
  { name, timeout, execute = {} }: ToolOptions<Parameters>,
  definition: ToolDefinition,
): Pick<CallableTool, 'timeout' | 'terms'> {
  const parsed = z.strictObject({ timeout: Duration.optional(), execute: TermsEntry }).safeParse({ timeout, execute });
  if (!parsed.success) throw notRight(name, issuesOf(parsed.error));
  const problems = termsProblems(parsed.data.execute, definition);
  if (problems.length > 0) throw notRight(name, problems);
  return { timeout: parsed.data.timeout, terms: parsed.data.execute };
}

const issuesOf = ({ issues }: z.ZodError): string[] =>
  issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);

const notRight = (name: string, problems: readonly string[]): Error =>
  new Error(`The tool "${name}" is not defined right:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);

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

/** The call was made, whatever it returned. */
function textOf(result: unknown): string {
  if (typeof result === 'string') return result;
  try {
    return (JSON.stringify(result) as string | undefined) ?? 'done';
  } catch (error) {
    return `The call was made, but what it returned cannot be written as JSON: ${(error as Error).message}`;
  }
}
