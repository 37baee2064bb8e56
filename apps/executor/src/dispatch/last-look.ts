import type { Execution, HeldBy } from '@countersign/contracts/executions';
import { type EpochMillis, after } from '@countersign/contracts/time';
import { lookAgainMs, type ConcurrencyKeys } from '../execution/concurrency-keys.js';
import type { Switches } from '../kill-switch/switches.js';

/** What is in the way of a call, and when to look again. */
export interface Obstacle {
  until: EpochMillis;
  held_by: HeldBy;
}

/** What is in the way of a call that was claimed, as it is right before the effect; undefined: nothing. */
export type LastLook = (execution: Execution) => Promise<Obstacle | undefined>;

export interface LastLookOptions {
  switches: Pick<Switches, 'paused'>;
  keys: Pick<ConcurrencyKeys, 'holder'>;
  now(): EpochMillis;
}

/**
 * Between a claim and the effect a switch may be turned, a key may go to another, and a halted process may lose its
 * lease. What comes after this look cannot be excluded here: a target tells it by the attempt's number.
 */
export function lastLook({ switches, keys, now }: LastLookOptions): LastLook {
  return async ({ id, tool_name, concurrency_key: key, lease }) => {
    if ((await switches.paused()).has(tool_name)) {
      const detail = `a kill switch was turned before ${tool_name} was begun`;
      return { until: now(), held_by: { code: 'kill_switch', detail, until: null } };
    }
    const holder = key === null ? id : await keys.holder(key);
    if (holder !== id) {
      const detail = `execution ${holder ?? 'unknown'}, which holds the key ${key}`;
      return { until: after(now(), lookAgainMs), held_by: { code: 'concurrency_key', detail, until: null } };
    }
    if (lease !== null && lease.expires_at > now()) return undefined;
    return { until: now(), held_by: { code: 'retry', detail: 'its lease had run out before it began', until: null } };
  };
}
