import type { CommandEntry, ExecuteEntry, ToolEntry } from '@countersign/definitions';
import type { Adapter } from './adapter.js';
import { CommandAdapter, type CommandLine } from './adapter.command.js';
import type { ExecutorConfig } from './config.js';
import { maskFor } from './secrets.js';
import { compileTemplate, fixedValue, type Surroundings } from './template.js';

/** How the calls of a tool are made; undefined when a person makes them. @throws ConfigError */
export function adapterOf(
  { max_output: maxOutput }: ToolEntry,
  execute: ExecuteEntry,
  { PATH, EXECUTION_TIMEOUT_SECONDS }: ExecutorConfig,
  surroundings: Surroundings,
): Adapter | undefined {
  const { command } = execute;
  if (!command) return undefined;
  const { env, retry_on_exit_codes: retryOn, status, unknown_on_exit_codes: unknownOn, working_directory } = command;
  const declared = Object.entries(env).map(([name, text]) => [name, fixedValue(text, surroundings)]);
  return new CommandAdapter({
    ...commandLine(command, surroundings),
    env: { PATH, ...Object.fromEntries(declared) },
    timeout: (command.timeout ?? EXECUTION_TIMEOUT_SECONDS) * 1000,
    maxOutput,
    retryOn,
    unknownOn,
    mask: maskFor(execute, surroundings.env),
    ...(status && { status: commandLine(status, surroundings) }),
    ...(working_directory !== undefined && { cwd: working_directory }),
  });
}

function commandLine(
  { program, args }: Pick<CommandEntry, 'program' | 'args'>,
  surroundings: Surroundings,
): CommandLine {
  const templates = args.map((text) => compileTemplate(text, surroundings));
  return {
    program: program === 'node' ? process.execPath : program,
    args: (call) => templates.map((template) => template(call)).filter((text) => text !== undefined),
  };
}
