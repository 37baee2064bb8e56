export { type Backoff, backoffMs, jitteredBackoffMs } from './backoff.js';
export {
  type Clock,
  EpochMillis,
  EpochSeconds,
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
