import { decideDelegation, Delegations, type StandIn, type StoredDelegation } from '@countersign/approval-service';
import type { RequireTerms } from '@countersign/contracts/approvals';
import { after, toEpochSeconds } from '@countersign/contracts/time';
import type { World } from './world.js';

/** Those who may approve where the rules name people, and those who may stand in for them. Some are both. */
export const ops = ['bob', 'carol', 'gil', 'ana'];
export const helpers = ['dave', 'erin', 'carol', 'ana'];

/** Terms by which so many of them approve, or their deputies. */
export const ofOps = (count: number): Pick<RequireTerms, 'approvers' | 'deputies'> => ({
  approvers: [{ group: 'ops', count, members: ops }],
  deputies: [{ group: 'helpers', members: helpers }],
});

/** Who was named as whose deputy, as the approval service keeps it. */
export class Deputies {
  /** All there ever were, also those that are over. */
  readonly records = new Map<string, StoredDelegation>();
  readonly #delegations: Delegations;

  constructor(private readonly world: Pick<World, 'now'>) {
    this.#delegations = new Delegations({
      delegations: {
        find: async ({ filter, skip = 0 }) =>
          [...this.records.values()].filter(({ deputy }) => deputy === filter['deputy']).slice(skip),
      },
      credentials: { current: async () => [] },
      now: () => world.now,
      setBack: () => null,
    });
  }

  /** In whose place somebody may decide now, as far as those who named them are concerned. */
  of(by: string | null): Promise<StandIn[]> {
    return by === null ? Promise.resolve([]) : this.#delegations.of({ subject: by });
  }

  handle(id: string, message: Parameters<typeof decideDelegation>[1]): void {
    const next = decideDelegation(this.records.get(id), message, this.world.now);
    if (next.kind === 'changed') this.records.set(id, next.state);
  }
}

/** Somebody names a deputy, who may or may not be one by the rules, for a while, for everything or for one approval. */
export function nameDeputy(world: World): void {
  const { approvals, deputies, dice, now } = world;
  const id = world.fresh('delegation');
  const at = toEpochSeconds(now);
  const approval_id = dice.oneIn(4) ? (dice.pick(approvals.store.all())?.id ?? null) : null;
  const begins_at = dice.oneIn(4) ? after(at, 20) : null;
  const ends_at = after(at, dice.one(5, 40, 600));
  const [delegator, deputy] = [dice.one('bob', 'carol', 'gil', 'ana', 'dave'), dice.pick([...helpers, 'mallory'])!];
  const delegation = { id, delegator, deputy, approval_id, begins_at, ends_at, reason: null, key_id: null };
  deputies.handle(id, { type: 'created', delegation });
}

/** Somebody takes it back, who may or may not. */
export function takeBack(world: World): void {
  const { deputies, dice } = world;
  const delegation = dice.pick([...deputies.records.values()]);
  if (!delegation) return;
  const by = dice.one(delegation.delegator, delegation.deputy, 'mallory');
  deputies.handle(delegation.id, { type: 'revoked', by, isAdministrator: false });
}
