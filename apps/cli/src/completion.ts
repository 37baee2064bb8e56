import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/** `countersign completion <shell>`, and what the script that it prints asks. */
export function addCompletion(program: Command): void {
  tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('Prints a script that completes commands and options with the Tab key.')
    .addHelpText('after', `\nIn ~/.bashrc: source <(countersign completion bash). zsh, fish and powershell alike.`);
}
