import type { Event, HiddenArguments } from '@countersign/contracts';
import { shownData, type LoggedEvent } from '@countersign/contracts/event-log';

/** An event as the log shows it: for an audience, and without signatures, which say nothing to people. */
export function shownEvent(event: Event, hidden: HiddenArguments): LoggedEvent {
  const { id, type, source, subject, time } = event;
  const { signature: _signature, ...data } = shownData(event, hidden);
  const run_id = typeof data['run_id'] === 'string' ? data['run_id'] : null;
  return { id, type, source, subject, time, run_id, data };
}
