import { Command } from 'commander';
import { backtestPolicy, explainPolicy } from './policy-trial.js';
import type { On } from '../connection/context.js';
import { exitCodes } from '../connection/exit-codes.js';

/** Rules of a file: by themselves, or tried on what a server has. */
export const policyCommand = (on: On): Command =>
  new Command('policy')
    .description('The rules that decide what needs whose approval.')
    .addCommand(testPolicy(on))
    .addCommand(backtestPolicy(on))
    .addCommand(explainPolicy(on));

const testPolicy = (on: On): Command =>
  new Command('test')
    .description('Runs the policy_tests of the file that declares agents, tools and rules. Ends with 1 when one fails.')
    .option('-c, --config <file>', 'the file; default: COUNTERSIGN_CONFIG, else ./countersign.yaml')
    .action(
      on(async ({ screen, environment: { env } }, { config }: { config?: string }) => {
        const { readDefinitions } = await import('@countersign/definitions');
        const { runPolicyTests } = await import('@countersign/definitions/policy');
        const file = config ?? (env['COUNTERSIGN_CONFIG'] || 'countersign.yaml');
        const results = runPolicyTests(readDefinitions(file));
        screen.show(results, ({ passed, failed }) => [
          ...failed.flatMap(({ name, expected, got }) => [
            `${screen.paint('red', '✘')} ${name}`,
            `  expected ${JSON.stringify(expected)}`,
            `  got      ${JSON.stringify(got)}`,
          ]),
          `${passed} passed, ${failed.length} failed`,
        ]);
        return results.failed.length > 0 ? exitCodes.failed : exitCodes.ok;
      }),
    );
