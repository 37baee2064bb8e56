import { principalOf, type Credentials, type Principal } from '@countersign/auth';
import { isInForce } from '@countersign/contracts/delegations';
import { toEpochMillis, toEpochSeconds, type Clock, type EpochMillis } from '@countersign/contracts/time';
import type { Collection, Store } from '@countersign/persistence';
import type { SetBack } from '@countersign/persistence/installation';
import type { StandIn } from '../approval/deputies/deputy.js';
import type { StoredDelegation } from './delegation.js';

export const delegationCollection: Collection<StoredDelegation> = {
  name: 'delegations',
  key: 'id',
  indexes: [['-created_at'], ['deputy', '-ends_at'], ['delegator', '-created_at'], ['deputy', '-created_at']],
};

/** Of one deputy that are read at once: all of them are, so that nobody hides those of others behind their own. */
const pageSize = 200;

export interface DelegationsOptions {
  delegations: Pick<Store<StoredDelegation>, 'find'>;
  credentials: Pick<Credentials, 'current'>;
  now: Clock;
  /** Why one of that time may have been revoked since, by records that are lost. */
  setBack(created: EpochMillis): SetBack | null;
}

/** In whose place somebody may decide now, as far as those who named them are concerned. */
export class Delegations {
  constructor(private readonly options: DelegationsOptions) {}

  async of({ subject }: Pick<Principal, 'subject'>): Promise<StandIn[]> {
    const { delegations, now, setBack } = this.options;
    const at = toEpochSeconds(now());
    const found: StoredDelegation[] = [];
    for (let page: StoredDelegation[] | undefined; !page || page.length === pageSize; found.push(...page))
      page = await delegations.find({
        filter: { deputy: subject, ends_at: { gt: at } },
        sort: [['ends_at', 'desc']],
        limit: pageSize,
        skip: found.length,
      });
    const held = found.filter((each) => isInForce(each, at) && setBack(toEpochMillis(each.created_at)) === null);
    const keys = held.length === 0 ? [] : await this.#holders(held);
    return held.filter((_, n) => keys[n]).map(({ id, delegator, approval_id }) => ({ id, delegator, approval_id }));
  }

  /** Whether each was given by a key that is the delegator's still, and decides; or by no key, which has no credential to check. */
  async #holders(held: readonly StoredDelegation[]): Promise<boolean[]> {
    const keyed = held.filter(({ key_id }) => key_id !== null);
    const standings = await this.options.credentials.current(
      keyed.map(({ key_id }) => ({ via: 'key', id: key_id, key_id: null, expires_at: null })),
    );
    const holders = new Map(keyed.map(({ id }, n) => [id, standings[n]?.identity]));
    return held.map(({ id, key_id, delegator }) => {
      if (key_id === null) return true;
      const holder = holders.get(id);
      return holder !== undefined && holder !== null && mayStillDecide(principalOf(holder, 'key'), delegator);
    });
  }
}

const mayStillDecide = ({ subject, scopes }: Principal, delegator: string): boolean =>
  subject === delegator && scopes.has('approvals:write');
