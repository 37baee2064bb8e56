import { Command } from 'commander';
import type { On } from '../connection/context.js';

export const backupCommand = (on: On): Command =>
  new Command('backup')
    .summary('Copies the data of a server that embeds it.')
    .description(
      'Copies the embedded log, store and keys of a server while it works, on its machine. Where log or store are on Kafka or MongoDB, back up MongoDB.',
    )
    .action(
      on(async ({ screen, client }) => {
        const backup = await client.backups.create();
        screen.show(backup, ({ directory, bytes }) => [`${directory}  ${Math.ceil(bytes / 1024)} KiB`]);
      }),
    );
