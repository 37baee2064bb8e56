export { type Backoff, backoffMs, jitteredBackoffMs } from './backoff.js';
export { EpochMillis, EpochSeconds } from './epoch.js';
export {
  type Clock,
  type Millis,
  type Seconds,
  after,
  atMillis,
  atSeconds,
  earliest,
  latest,
  millisOf,
  secondsOf,
  sentAtTheEarliest,
  systemClock,
  toEpochMillis,
  toEpochSeconds,
} from './time.js';
