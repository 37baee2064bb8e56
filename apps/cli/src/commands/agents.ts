import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { table } from '../terminal/table.js';

export const agentsCommand = (on: On): Command =>
  new Command('agents').description('Lists the agents that can be run or that ask.').action(
    on(async ({ screen, client }) => {
      const agents = await client.agents.list();
      screen.show(agents, (agents) =>
        table(
          screen,
          [
            { title: 'ID', value: ({ id }) => id, style: () => 'cyan' },
            { title: 'NAME', value: ({ name }) => name },
            { title: 'TOOLS', value: ({ tools }) => tools.map(({ name }) => name).join(' '), shrinks: true },
          ],
          agents,
        ),
      );
    }),
  );
