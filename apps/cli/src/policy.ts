import { readDefinitions, runPolicyTests } from '@countersign/definitions';
import { Command } from 'commander';
import type { Surroundings } from './program.js';

/** Rules without a server. */
export function policyCommand({ env, out, fail }: Surroundings): Command {
  const test = new Command('test')
    .description('Runs the policy_tests of the file that declares agents, tools and rules. Ends with 1 when one fails.')
    .option('-c, --config <file>', 'the file', env['COUNTERSIGN_CONFIG'] || 'countersign.yaml')
    .action(({ config }: { config: string }) => {
      const { passed, failed } = runPolicyTests(readDefinitions(config));
      for (const { name, expected, got } of failed) {
        out(`FAILED ${name}\n  expected ${JSON.stringify(expected)}\n  got      ${JSON.stringify(got)}`);
      }
      out(`${passed} passed, ${failed.length} failed`);
      if (failed.length > 0) fail(1);
    });
  return new Command('policy').description('The rules that decide what needs whose approval.').addCommand(test);
}
