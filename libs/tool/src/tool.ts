import type { Seconds } from '@countersign/contracts/time';
import type { ToolDefinition } from '@countersign/definitions';
import type { TermsEntry } from '@countersign/definitions/execute';

/** News of a call that is being made; what is left out has not changed. */
export interface CallProgress {
  /** What can be read since the last progress. */
  output?: string;
  /** From 0 to 100. */
  percent?: number;
  message?: string;
}

/** The context of a call besides the arguments. */
export interface CallContext {
  /** Of the call; of an approved one the execution's, the same in each attempt: an idempotency key. */
  id: string;
  run_id: string;
  tool_call_id: string;
  /** From 1; of a call that is started again a higher one. */
  attempt: number;
  /** Aborted when the call is to stop: at its timeout, its cancellation, or when the process stops. */
  signal: AbortSignal;
  /** Shows people how far an approved call is. */
  progress(update: CallProgress): void;
}

/** Makes a call. What it returns is what the model is answered; what it throws, too, as a failure. */
export type ToolFunction = (args: Record<string, unknown>, context: CallContext) => Promise<string>;

/** A tool, with the function that makes its calls unless another does. */
export interface Tool {
  definition: ToolDefinition;
  run?: ToolFunction;
}

/** A tool with a function, and how its approved calls are made. */
export interface CallableTool extends Tool {
  run: ToolFunction;
  /** Timeout of a call in seconds; unset: as the service that makes it is configured. */
  timeout?: Seconds | undefined;
  terms: TermsEntry;
}

/** What a call waits for by default: whoever approves or records it confirms it. */
export const defaultPause = (approval: ToolDefinition['approval']) => (approval === 'none' ? null : 'confirmation');

/** Who makes the calls of a tool that is a function, or an MCP server's: approved ones are made only by the executor. */
export const madeBy = (approval: ToolDefinition['approval']): ToolDefinition['made_by'] =>
  approval === 'none' ? 'runner' : 'executor';

type Gated = Pick<ToolDefinition, 'approval' | 'requires' | 'user_input' | 'redact' | 'parameters'>;

/** @returns a line for each thing that is wrong with what has to happen before a call of a function. */
export function gateProblems({ approval, requires, user_input, redact, parameters }: Gated): string[] {
  const names = Object.keys((parameters['properties'] as object | undefined) ?? {});
  const unknown = (field: string, listed: readonly string[]) =>
    listed
      .filter((name) => !names.includes(name))
      .map(
        (name) => `${field} names "${name}", which is none of its parameters (${names.join(', ') || 'it has none'})`,
      );
  const problems = [...unknown('user_input', user_input), ...unknown('redact', redact)];
  if (requires === 'external_execution')
    problems.push('requires external_execution means that the call is made elsewhere, but this tool has a function');
  if (approval === 'required' && requires === null)
    problems.push('approval is required, but with requires null a run would not wait for it');
  if (approval === 'audit' && requires === 'user_input')
    problems.push(
      'approval is audit, which waits for no one, but requires user_input needs a person to fill in fields',
    );
  if (user_input.length > 0 && requires !== 'user_input')
    problems.push(`user_input is set, but has no effect unless requires is user_input`);
  return problems;
}

/** Who offers a tool under which name. */
export interface NamedBy {
  name: string;
  origin: string;
}

/** @returns a line for each name that two of them have. */
export function nameClashes(tools: readonly NamedBy[]): string[] {
  const first = new Map<string, string>();
  const clashes: string[] = [];
  for (const { name, origin } of tools) {
    const other = first.get(name);
    if (other === undefined) first.set(name, origin);
    else clashes.push(`two tools are named "${name}": one of ${other}, one of ${origin}; rename one of them`);
  }
  return clashes;
}
