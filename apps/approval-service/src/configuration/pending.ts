import type { Approval } from '@countersign/contracts/approvals';
import type { ReloadedConfig } from '@countersign/contracts/configuration';
import { toEpochSeconds, type Clock } from '@countersign/contracts/time';
import type { PolicySet } from '@countersign/definitions/policy';
import type { Store } from '@countersign/persistence';
import { heldAgainst } from '../approval/held-against.js';
import { rulesOf } from '../policy/rules.js';

/** More are not looked at. */
const most = 1_000;

/** What waits, and what rules would make of it. */
export async function pendingUnder(
  set: PolicySet,
  approvals: Pick<Store<Approval>, 'find'>,
  now: Clock,
): Promise<ReloadedConfig['pending']> {
  const found = await approvals.find({ filter: { status: 'pending' }, sort: [['created_at', 'desc']], limit: most });
  const rules = rulesOf(set);
  const held = found.map((approval) => heldAgainst(approval, rules, toEpochSeconds(now())));
  return {
    stricter: held.filter((each) => each.kind === 'holds' && each.tightened).length,
    rejected: held.filter(({ kind }) => kind === 'ruled_out').length,
    looked_at: found.length,
  };
}
