import type { Execution } from '@countersign/contracts/executions';
import { type EpochMillis, after, type Millis } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import type { Obstacle } from '../adapters/adapter.js';
import { lookAgainMs, type ConcurrencyKeys } from '../execution/concurrency-keys.js';
import { holds } from '../execution/state.js';
import type { Switches } from '../kill-switch/switches.js';

/** What is in the way of a call that was claimed, as it is right before the effect; undefined: nothing. */
export type LastLook = (execution: Execution) => Promise<Obstacle | undefined>;

export interface LastLookOptions {
  switches: Pick<Switches, 'paused'>;
  keys: Pick<ConcurrencyKeys, 'holder'>;
  executions: Pick<Store<Execution>, 'get'>;
  leaseMs: Millis;
  now(): EpochMillis;
}

/** A claim that is younger is not read again. */
const freshMs: Millis = 1_000;

/**
 * Between a claim and the effect a switch may be turned, a key may go to another, and a halted process may lose its
 * lease. What comes after this look cannot be excluded here: a target tells it by the attempt's number.
 */
export function lastLook({ switches, keys, executions, leaseMs, now }: LastLookOptions): LastLook {
  return async (claimed) => {
    const { id, tool_name, concurrency_key: key } = claimed;
    if ((await switches.paused()).has(tool_name)) {
      const detail = `a kill switch was turned before ${tool_name} was begun`;
      return { until: now(), held_by: { code: 'kill_switch', detail, until: null } };
    }
    const holder = key === null ? id : await keys.holder(key);
    if (holder !== id) {
      const detail = `execution ${holder ?? 'unknown'}, which holds the key ${key}`;
      return { until: after(now(), lookAgainMs), held_by: { code: 'concurrency_key', detail, until: null } };
    }
    const { worker, expires_at } = claimed.lease!;
    const isFresh = now() - after(expires_at, -leaseMs) < freshMs;
    const current = isFresh ? claimed : await executions.get(id);
    const retry = (detail: string) => ({ until: now(), held_by: { code: 'retry', detail, until: null } }) as const;
    if (!current || !holds(current, worker)) return retry('another worker had it before it began');
    if (current.cancel) return retry(`${current.cancel.by} cancelled it before it began`);
    return current.lease!.expires_at > now() ? undefined : retry('its lease had run out before it began');
  };
}
