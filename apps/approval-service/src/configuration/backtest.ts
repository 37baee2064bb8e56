import { redactApproval, type Approval } from '@countersign/contracts/approvals';
import { mostOtherwise, type BacktestReport } from '@countersign/contracts/configuration';
import { titleLine } from '@countersign/contracts/presentation';
import { after, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { parseDefinitions } from '@countersign/definitions';
import { approvalsOf, backtest } from '@countersign/definitions/policy';
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
  const found = await ofLast(days, approvals, now);
  const otherwise: BacktestReport['otherwise'] = [];
  for (let from = 0; from < found.length; from += atOnce) {
    const some = new Map(found.slice(from, from + atOnce).map((each) => [each.id, each]));
    for (const { id, then, now: ruled, isLaxer } of backtest(definitions, [...some.values()]).otherwise) {
      otherwise.push({ ...shownOf(some.get(id)!), then, now: ruled, is_laxer: isLaxer });
    }
    await breath();
  }
  return reportOf(found.length, found.length < most, otherwise);
}

/** From what asks the most to what asks nothing. */
const strictness = { reject: 2, require: 1, approve: 0 } as const;

/** What the rules on trial would have made of the calls of the last days, as it was recorded with each. */
export async function shadowOf(
  days: number,
  approvals: Pick<Store<Approval>, 'find'>,
  now: EpochMillis,
): Promise<BacktestReport> {
  const found = await ofLast(days, approvals, now);
  const tried = found.filter(({ shadow }) => shadow !== null);
  const otherwise = tried.flatMap((approval) => {
    const { policy, shadow, terms } = approval;
    const outcome = policy?.outcome ?? 'require';
    if (outcome === shadow!.outcome) return [];
    const then = {
      outcome,
      rule: policy?.rule ?? null,
      approvals: outcome === 'require' ? approvalsOf(terms) : null,
    };
    // How many people they would have asked for is not recorded.
    const ruled = { outcome: shadow!.outcome, rule: shadow!.rule, approvals: null };
    const is_laxer = strictness[shadow!.outcome] < strictness[outcome];
    return [{ ...shownOf(approval), then, now: ruled, is_laxer }];
  });
  return reportOf(tried.length, found.length < most, otherwise);
}

/** The newest first. */
const ofLast = (days: number, approvals: Pick<Store<Approval>, 'find'>, now: EpochMillis): Promise<Approval[]> =>
  approvals.find({
    filter: { created_at: { gte: after(toEpochSeconds(now), -days * day) }, deleted_at: null },
    sort: [['created_at', 'desc']],
    limit: most,
  });

const shownOf = (approval: Approval) => ({
  id: approval.id,
  call: titleLine(redactApproval(approval)),
  created_at: approval.created_at,
});

const reportOf = (total: number, is_complete: boolean, otherwise: BacktestReport['otherwise']): BacktestReport => ({
  total,
  is_complete,
  otherwise_total: otherwise.length,
  laxer_total: otherwise.filter(({ is_laxer }) => is_laxer).length,
  otherwise: otherwise.slice(0, mostOtherwise),
});
