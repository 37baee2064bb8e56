import type { Switch } from '@countersign/contracts/executions';
import { visibleLine } from '@countersign/contracts/text';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import type { Screen } from '../terminal/screen.js';
import { ago } from '../terminal/words.js';

/** The kill switches. */
export const pauseCommand = (on: On): Command =>
  new Command('pause')
    .summary('Starts no calls of a tool, or none at all.')
    .description(
      'Starts no calls of a tool, or none at all, until they are resumed. Approved calls wait, and none is lost.',
    )
    .argument('[tool]', 'the tool; default: every tool')
    .requiredOption('-m, --reason <text>', 'why')
    .action(
      on(async ({ screen, client }, tool: string | undefined, { reason }: { reason: string }) => {
        const switches = await client.executions.pause(tool ?? null, reason);
        screen.show({ data: switches }, ({ data }) => switchesText(screen, data));
      }),
    );

export const resumeCommand = (on: On): Command =>
  new Command('resume')
    .summary('Starts calls again.')
    .description('Resumes calls of a tool, or of every tool that is not paused individually.')
    .argument('[tool]', 'the tool; default: the pause of every tool')
    .action(
      on(async ({ screen, client }, tool: string | undefined) => {
        const switches = await client.executions.resume(tool ?? null);
        screen.show({ data: switches }, ({ data }) => switchesText(screen, data));
      }),
    );

function switchesText(screen: Screen, switches: readonly Switch[]): string[] {
  const paused = switches.filter(({ paused }) => paused);
  if (paused.length === 0) return ['Nothing is paused.'];
  return paused.map(
    ({ tool_name, reason, by, updated_at }) =>
      `${screen.paint('yellow', '⏸')} ${visibleLine(`${tool_name ?? 'every tool'} is paused: ${reason ?? ''} (${by ?? 'the system'}, ${ago(updated_at)})`)}`,
  );
}
