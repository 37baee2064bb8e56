import { visibleText } from '@countersign/contracts/text';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { exitCodes } from '../connection/exit-codes.js';
import type { Finding } from '@countersign/doctor';
import { findings as findingsOf } from './finding.js';
import { checkServer } from './server.js';
import type { CliEnvironment } from '../connection/environment.js';
import type { Screen } from '../terminal/screen.js';

interface DoctorOptions {
  local?: boolean;
  remote?: boolean;
  config?: string;
}

export const doctorCommand = (on: On): Command =>
  new Command('doctor')
    .summary('Looks for what is wrong, and says what to do.')
    .description(
      'Looks for what is wrong, and says what to do: the server, the key, the clock; and with the environment of a service the file, Kafka, its topics, MongoDB and the signing keys.',
    )
    .option('--local', 'only what the environment here says, without the server')
    .option('--remote', 'only the server')
    .option('-c, --config <file>', 'the file that declares agents and tools (COUNTERSIGN_CONFIG)')
    .action(
      on(async (context, { local, remote, config }: DoctorOptions) => {
        const { env } = context.environment;
        const environment = config === undefined ? env : { ...env, COUNTERSIGN_CONFIG: config };
        const findings = [
          ...(local ? [] : await checkServer(context)),
          ...(remote ? [] : await checkEnvironment(environment)),
        ];
        const width = Math.max(...findings.map(({ what }) => what.length));
        context.screen.show(findings, () => findings.flatMap((each) => findingText(context.screen, each, width)));
        return findings.some(({ state }) => state === 'bad') ? exitCodes.failed : exitCodes.ok;
      }),
    );

/** The checks need what the services need, such as clients of Kafka and MongoDB; where services are, they are as well. */
async function checkEnvironment(env: CliEnvironment['env']): Promise<Finding[]> {
  const doctor = await import('@countersign/doctor').catch(() => undefined);
  if (doctor) return findingsOf(doctor.environmentChecks(env));
  return [
    { what: 'environment', state: 'skipped', found: 'looking at it takes @countersign/doctor, which is not here' },
  ];
}

const marks = { ok: ['green', '✔'], bad: ['red', '✘'], unsure: ['yellow', '!'], skipped: ['dim', '-'] } as const;

function findingText(screen: Screen, { state, what, found, advice }: Finding, width: number): string[] {
  const [style, mark] = marks[state];
  const indent = ' '.repeat(width + 4);
  return [
    ...visibleText(`${what.padEnd(width)}  ${found}`)
      .split('\n')
      .map((line, n) => (n === 0 ? `${screen.paint(style, mark)} ${line}` : indent + line.trimStart())),
    ...(advice === undefined ? [] : [`${indent}→ ${advice}`]),
  ];
}
