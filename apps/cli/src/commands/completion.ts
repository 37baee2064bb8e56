import type { RootCommand } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import type { CountersignClient } from '@countersign/client';
import { eventNames } from '@countersign/contracts';
import { visibleLine } from '@countersign/contracts/text';
import type { Command } from 'commander';
import type { Output } from '../connection/environment.js';
import { oneLine } from '../terminal/words.js';

/** What the scripts take for granted, where a shell does not have it. */
const before: Record<string, string> = {
  // It is in the package bash-completion.
  bash: `
declare -F _get_comp_words_by_ref >/dev/null || _get_comp_words_by_ref() {
    cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
}
`,
  // An alias is completed as what it stands for, which is node; a function is completed by its name.
  zsh: `#compdef countersign
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
if (( $+aliases[countersign] )); then
    functions[countersign]="\${aliases[countersign]} \\"\\$@\\""
    unalias countersign
fi
`,
  // An alias is completed as what it stands for as well, which has options of its own.
  fish: `
complete -c countersign | string replace -rf -- '^complete countersign --wraps ' 'complete -c countersign -e -w ' | source
`,
};

const howTo = `
In ~/.bashrc:                   source <(countersign completion bash)
In ~/.zshrc:                    source <(countersign completion zsh)
In ~/.config/fish/config.fish:  countersign completion fish | source
In $PROFILE of PowerShell:      countersign completion powershell | Out-String | Invoke-Expression`;

/** `countersign completion <shell>`, and what the script that it prints asks. */
export function addCompletion(program: Command, stdout: Output): RootCommand {
  const completion = tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.hook('preAction', (_, { args: [shell = ''] }) => void stdout.write(before[shell] ?? ''))
    .description('Prints a script that completes commands, options and ids with the Tab key.')
    .addHelpText('after', howTo);
  const types = completion.commands.get('events tail')?.options.get('type');
  if (types) types.handler = (complete) => eventNames.forEach((name) => complete(name, ''));
  return completion;
}

/** Lets ids be completed, from the server, where one is reachable. @param words of a line that is being typed. */
export async function completeIds(
  completion: RootCommand,
  words: readonly string[],
  client: () => CountersignClient,
): Promise<void> {
  const [noun = '', verb = ''] = words;
  const argument = completion.commands.get(`${noun} ${verb}`)?.arguments.values().next().value;
  const list = lists[noun];
  if (!argument || !list) return;
  // Whoever presses Tab wants no explanations.
  const choices = (await list(client).catch(() => [])).filter(([id]) => isHarmless(id));
  argument.handler = (complete) => choices.forEach(([id, what]) => complete(id, visibleLine(what)));
}

/** A shell puts it on the line as it is, and whoever starts a run may choose its id. */
const isHarmless = (id: string): boolean => /^[\w.-]+$/.test(id) && !id.startsWith('-');

type Choice = [id: string, what: string];

const call = ({ tool_name, tool_args }: { tool_name: string; tool_args: Record<string, unknown> }): string =>
  `${tool_name} ${oneLine(tool_args)}`;
const limit = 50;

/** What there is to name, the latest of it; of approvals and dead letters what is open. */
const lists: Record<string, (client: () => CountersignClient) => Promise<Choice[]>> = {
  approvals: async (client) =>
    (await client().approvals.list({ status: 'pending', limit })).data.map((each) => [each.id, call(each)]),
  executions: async (client) =>
    (await client().executions.list({ limit })).data.map((each) => [each.id, `${each.status}: ${call(each)}`]),
  runs: async (client) =>
    (await client().runs.list({ limit })).data.map((each) => [each.run_id, `${each.status}: ${each.run_input}`]),
  grants: async (client) =>
    (await client().grants.list({ limit })).data.map((each) => [each.id, `${each.agent_id}: ${each.tool_name}`]),
  'dead-letters': async (client) =>
    (await client().deadLetters.list({ status: 'open', limit })).data.map((each) => [
      each.id,
      `${each.topic}: ${each.reason}`,
    ]),
};
