import type { Marked } from '@countersign/doctor';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import type { Screen } from '../terminal/screen.js';

interface RecoverOptions {
  storeHolds?: string;
  finish?: boolean;
}

export const recoverCommand = (on: On): Command =>
  new Command('recover')
    .summary('Says what is to hold when store and log do not belong together.')
    .description(
      'Says what is to hold after a restore, or when a service is not ready since its store and its log do not belong together. It works on the store that the environment of a service names; without options it shows what the store says of itself.',
    )
    .option(
      '--store-holds <why>',
      'what the store has now holds: calls that were approved before now wait for a person where it has no record of them',
    )
    .option('--finish', 'the records were compared with the targets: executors may start without EXECUTION_HOLD')
    .action(
      on(async ({ environment, screen }, { storeHolds, finish }: RecoverOptions) => {
        if (storeHolds !== undefined && finish) throw new Failure(exitCodes.usage, 'Either --store-holds or --finish.');
        const { openRecovery } = await import('@countersign/doctor').catch(() => {
          throw new Failure(
            exitCodes.failed,
            'This takes @countersign/doctor, which is not here. Run it where a service is.',
          );
        });
        const recovery = await openRecovery(environment.env);
        try {
          const found =
            storeHolds !== undefined
              ? await recovery.begin(storeHolds)
              : await (finish ? recovery.finish() : recovery.look());
          screen.show({ data: found }, () => found.map((each) => line(screen, each)));
        } finally {
          await recovery.close();
        }
      }),
    );

function line(screen: Screen, { service, born_at_ms, seen_at_ms, recovering }: Marked): string {
  const name = service.padEnd(18);
  if (born_at_ms === null || seen_at_ms === null) return `${name}${screen.paint('yellow', 'no marker')}`;
  const since = `records since ${at(born_at_ms)}, last used ${at(seen_at_ms)}`;
  const state = recovering ? `, being recovered since ${at(recovering.since_ms)}: ${recovering.note}` : '';
  return `${name}${since}${state}`;
}

const at = (ms: number): string => new Date(ms).toISOString();
