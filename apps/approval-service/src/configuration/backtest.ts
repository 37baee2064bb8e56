import { redactApproval, type Approval } from '@countersign/contracts/approvals';
import { mostOtherwise, type BacktestReport } from '@countersign/contracts/configuration';
import { titleLine } from '@countersign/contracts/presentation';
import { after, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { parseDefinitions } from '@countersign/definitions';
import { backtest } from '@countersign/definitions/policy';
import type { Store } from '@countersign/persistence';
import { setImmediate as breath } from 'node:timers/promises';

/** Calls that are looked at. */
const most = 5_000;
/** So many are looked at before others have their turn. */
const atOnce = 200;
const day = 86_400;

/**
 * What the rules of a text would have made of the calls of the last days. Only its rules count: nothing else of it is
 * opened or done.
 *
 * @throws ConfigError when it is no such file
 */
export async function backtestOf(
  { text, days }: { text: string; days: number },
  approvals: Pick<Store<Approval>, 'find'>,
  now: EpochMillis,
): Promise<BacktestReport> {
  const definitions = parseDefinitions(text, '/countersign.yaml');
  const since = after(toEpochSeconds(now), -days * day);
  const found = await approvals.find({
    filter: { created_at: { gte: since }, deleted_at: null },
    sort: [['created_at', 'desc']],
    limit: most,
  });
  const otherwise: BacktestReport['otherwise'] = [];
  for (let from = 0; from < found.length; from += atOnce) {
    const some = new Map(found.slice(from, from + atOnce).map((each) => [each.id, each]));
    for (const { id, then, now: ruled, isLaxer } of backtest(definitions, [...some.values()]).otherwise) {
      const approval = some.get(id)!;
      const { created_at } = approval;
      otherwise.push({
        id,
        call: titleLine(redactApproval(approval)),
        created_at,
        then,
        now: ruled,
        is_laxer: isLaxer,
      });
    }
    await breath();
  }
  return {
    total: found.length,
    is_complete: found.length < most,
    otherwise_total: otherwise.length,
    laxer_total: otherwise.filter(({ is_laxer }) => is_laxer).length,
    otherwise: otherwise.slice(0, mostOtherwise),
  };
}
