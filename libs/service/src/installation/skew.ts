import { secondsOf, type Millis } from '@countersign/contracts/time';
import type { Metrics } from '../metrics/metrics.js';
import type { StoreClock } from './store-clock.js';

/** Clock skew to the store that is tolerated silently; nothing is decided by it. */
const mostMs: Millis = 5_000;

/** @throws how far the clock of this machine is from the store's, when that is far */
export function checkSkew({ skewMs = 0 }: Pick<StoreClock, 'skewMs'>): void {
  if (Math.abs(skewMs) <= mostMs) return;
  const seconds = Math.round(secondsOf(Math.abs(skewMs)));
  throw new Error(
    `clock_skew: the clock of this machine is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the store's`,
  );
}

export function showSkew(metrics: Pick<Metrics, 'levels'>, clock: Pick<StoreClock, 'skewMs'>): void {
  metrics.levels(
    {
      name: 'countersign_clock_skew_seconds',
      help: "How far the clock of this machine is ahead of the store's, which leases and deadlines go by.",
      labels: [],
    },
    () => (clock.skewMs === undefined ? [] : [{ labels: {}, value: secondsOf(clock.skewMs) }]),
  );
}
