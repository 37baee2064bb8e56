import type { CommandEntry } from '@countersign/definitions/execute';
import type { AdapterBuilder } from '../builder.js';
import { CommandAdapter, type CommandLine } from './command.js';
import { requireRunAs } from './user.js';
import { compileArguments } from '../../templates/arguments.js';
import { fixedValue, type TemplateScope } from '../../templates/template.js';

export const buildCommandAdapter: AdapterBuilder<'command'> = (command, { limits, scope, PATH }) => {
  const {
    allow_leading_dash,
    env,
    retry_on_exit_codes: retryOn,
    status,
    run_as,
    unknown_on_exit_codes: unknownOn,
    working_directory,
  } = command;
  if (run_as) requireRunAs(run_as);
  const declared = Object.entries(env).map(([name, text]) => [name, fixedValue(text, scope)]);
  return new CommandAdapter({
    ...limits,
    ...commandLine(command, allow_leading_dash, scope),
    env: { PATH, LANG: 'C.UTF-8', ...Object.fromEntries(declared) },
    ...(run_as && { runAs: run_as }),
    retryOn,
    unknownOn,
    ...(status && { status: commandLine(status, allow_leading_dash, scope) }),
    ...(working_directory !== undefined && { cwd: working_directory }),
  });
};

const commandLine = (
  { program, args }: Pick<CommandEntry, 'program' | 'args'>,
  allowed: readonly string[],
  scope: TemplateScope,
): CommandLine => ({
  program: program === 'node' ? process.execPath : program,
  args: compileArguments(args, allowed, scope),
});
