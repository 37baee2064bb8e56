import { isInForce, type Delegation } from '@countersign/contracts/delegations';
import { systemClock, toEpochSeconds } from '@countersign/contracts/time';
import { signal } from '@preact/signals';

/** By whom whoever is signed in was named as a deputy. Only the server knows whether it counts. */
export const delegations = signal<readonly Delegation[]>([]);

/** Those that hold at the moment. */
export const standsInFor = (): Delegation[] =>
  delegations.value.filter((each) => isInForce(each, toEpochSeconds(systemClock())));
