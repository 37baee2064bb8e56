import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { configHistory, reloadConfig } from './versions.js';
import type { On } from '../connection/context.js';
import { exitCodes } from '../connection/exit-codes.js';

/** The file that declares agents, tools and rules: to be looked at without a server, and put in force on one. */
export const configCommand = (on: On): Command =>
  new Command('config')
    .description('The file that declares agents, tools and rules.')
    .addCommand(validateConfig(on))
    .addCommand(diffConfig(on))
    .addCommand(reloadConfig(on))
    .addCommand(configHistory(on));

const validateConfig = (on: On): Command =>
  new Command('validate')
    .description('Says all that is wrong with a file, with lines, as a service would when it starts.')
    .argument('[file]', 'default: COUNTERSIGN_CONFIG, else ./countersign.yaml')
    .action(
      on(async ({ screen, environment: { env } }, given: string | undefined) => {
        const { readDefinitions } = await import('@countersign/definitions');
        const file = given ?? (env['COUNTERSIGN_CONFIG'] || 'countersign.yaml');
        const { agents, tools } = readDefinitions(file);
        const found = { file, agents: agents.length, tools: tools.length };
        screen.show(found, () => [`${file}: ${agents.length} agents and ${tools.length} tools, nothing is wrong`]);
      }),
    );

const diffConfig = (on: On): Command =>
  new Command('diff')
    .description('Says what another file declares otherwise, as values and not as text. Ends with 1 when there is any.')
    .argument('<before>', 'what is in force')
    .argument('<after>', 'what is to be')
    .action(
      on(async ({ screen }, before: string, after: string) => {
        const { changesBetween } = await import('@countersign/definitions/versions');
        // At one place, so that relative paths are the same.
        const [was, is] = [before, after].map((file) => readFileSync(file, 'utf8')) as [string, string];
        const data = changesBetween(was, is, resolve(after));
        screen.show({ data }, ({ data: found }) =>
          found.map(({ path, before: was, after: is }) => {
            if (was === undefined) return `${screen.paint('green', '+')} ${path}`;
            if (is === undefined) return `${screen.paint('red', '-')} ${path}`;
            return `${screen.paint('yellow', '~')} ${path}: ${JSON.stringify(was)} → ${JSON.stringify(is)}`;
          }),
        );
        return data.length > 0 ? exitCodes.failed : exitCodes.ok;
      }),
    );
