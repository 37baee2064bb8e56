import { marked } from '@countersign/contracts/text';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import { registerSchemas } from './registry.js';

interface RegisterOptions {
  registry: string;
  prefix: string;
}

export const schemasCommand = (on: On): Command =>
  new Command('schemas').description('The JSON Schemas of events.').addCommand(
    new Command('register')
      .description(
        'Registers the schema of each event in a schema registry (Confluent API). SCHEMA_REGISTRY_AUTH: user:password.',
      )
      .requiredOption('--registry <url>', 'the registry')
      .option('--prefix <text>', 'what names of topics begin with: KAFKA_PREFIX', '')
      .action(
        on(async ({ screen, environment }, { registry, prefix }: RegisterOptions) => {
          if (!URL.canParse(registry)) throw new Failure(exitCodes.usage, `--registry: ${registry} is no URL`);
          const login = environment.env['SCHEMA_REGISTRY_AUTH'];
          const authorization = login && `Basic ${Buffer.from(login).toString('base64')}`;
          let failed = 0;
          try {
            for await (const one of registerSchemas({ url: new URL(registry), authorization, prefix })) {
              if (one.error !== null) failed += 1;
              screen.show(one, () => [`${one.subject}: ${one.error === null ? one.id : marked(one.error)}`]);
            }
          } catch (error) {
            throw new Failure(exitCodes.unreachable, `${registry} does not answer: ${(error as Error).message}`);
          }
          return failed === 0 ? exitCodes.ok : exitCodes.failed;
        }),
      ),
  );
