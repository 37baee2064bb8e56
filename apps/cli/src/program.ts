import type { RootCommand } from '@bomb.sh/tab';
import { visibleText } from '@countersign/contracts/text';
import { Command, CommanderError } from 'commander';
import { agentsCommand } from './commands/agents.js';
import { approvalsCommand } from './approvals/approvals.js';
import { auditCommand } from './audit/audit.js';
import { addCompletion, completeIds } from './commands/completion.js';
import { actionsIn, Context, type On } from './connection/context.js';
import { backupCommand } from './commands/backup.js';
import { configCommand } from './config/config.js';
import { deadLettersCommand } from './commands/dead-letters.js';
import { deputiesCommand } from './deputies/deputies.js';
import { doctorCommand } from './doctor/doctor.js';
import { eventsCommand } from './commands/events.js';
import { executionsCommand } from './executions/executions.js';
import { exitCodes, exitCodesHelp, Failure, type ExitCode } from './connection/exit-codes.js';
import { grantsCommand } from './commands/grants.js';
import { keysCommand } from './commands/keys.js';
import { openCommand } from './commands/open.js';
import { policyCommand } from './commands/policy.js';
import { schemasCommand } from './schemas/schemas.js';
import { rebuildCommand } from './commands/rebuild.js';
import { recoverCommand } from './commands/recover.js';
import { startCommand } from './runs/start.js';
import { runsCommand } from './runs/runs.js';
import { loginCommand, logoutCommand, whoamiCommand } from './commands/sign-in.js';
import type { CliEnvironment } from './connection/environment.js';
import { version } from './version.js';
import { pauseCommand, resumeCommand } from './executions/switches.js';

/** Runs the program. @returns what the process is to end with. */
export async function run(args: readonly string[], environment: CliEnvironment): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const { program, completion } = commandLine(
    actionsIn(environment, (exitCode) => (code = exitCode)),
    environment,
  );
  try {
    if (args[0] === 'complete') await completeIds(completion, args.slice(2), () => new Context(environment, {}).client);
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, environment);
  }
}

/** The whole command line, as it is parsed. @param on makes what a command does; the docs' test parses and does nothing */
export function commandLine(on: On, environment: CliEnvironment): { program: Command; completion: RootCommand } {
  const program = programOf(on);
  configure(program, environment);
  return { program, completion: addCompletion(program, environment.stdout) };
}

const programOf = (on: On): Command =>
  new Command('countersign')
    .description('Human approval for what AI agents want to do.')
    .version(version, '--version', 'prints the version')
    .option('--url <url>', 'the server (COUNTERSIGN_URL)')
    .option('--key <key>', 'API key (COUNTERSIGN_KEY)')
    .option('--profile <name>', 'what login has kept under this name (COUNTERSIGN_PROFILE)')
    .option('--json', 'for scripts: one JSON document, or one for each line of a stream')
    .option('--no-color', 'without colours, as with NO_COLOR')
    .addHelpText('after', exitCodesHelp)
    .commandsGroup('Work:')
    .addCommand(startCommand(on, 'run'))
    .addCommand(approvalsCommand(on))
    .addCommand(openCommand(on))
    .addCommand(runsCommand(on))
    .addCommand(agentsCommand(on))
    .addCommand(executionsCommand(on))
    .addCommand(grantsCommand(on))
    .addCommand(deputiesCommand(on))
    .commandsGroup('Operation:')
    .addCommand(doctorCommand(on))
    .addCommand(recoverCommand(on))
    .addCommand(rebuildCommand(on))
    .addCommand(backupCommand(on))
    .addCommand(auditCommand(on))
    .addCommand(eventsCommand(on))
    .addCommand(schemasCommand(on))
    .addCommand(deadLettersCommand(on))
    .addCommand(pauseCommand(on))
    .addCommand(resumeCommand(on))
    .addCommand(keysCommand(on))
    .addCommand(policyCommand(on))
    .addCommand(configCommand(on))
    .commandsGroup('This program:')
    .addCommand(loginCommand(on))
    .addCommand(logoutCommand(on))
    .addCommand(whoamiCommand(on));

/** What holds for every command alike. */
function configure(command: Command, environment: CliEnvironment): void {
  command
    .exitOverride()
    .helpCommand(command.parent === null)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => environment.stdout.write(text),
      writeErr: (text) => environment.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, '')),
      getOutHelpWidth: () => environment.stdout.columns ?? 80,
      getErrHelpWidth: () => environment.stderr.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const each of command.commands) configure(each, environment);
}

/** Says what went wrong in a line or two, and what to do. */
function explain(error: unknown, { stderr }: CliEnvironment): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  stderr.write(`${visibleText(error instanceof Error ? error.message : String(error))}\n`);
  return error instanceof Failure ? error.code : exitCodes.failed;
}
