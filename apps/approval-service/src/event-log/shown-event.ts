import { catalogue, type Event, type HiddenArguments } from '@countersign/contracts';
import type { LoggedEvent } from '@countersign/contracts/event-log';

/**
 * An event as the log shows it: whatever its tool declares as not for everybody's eyes is hidden, be it by what the event
 * says or by what is declared here, and so are tokens, signatures and salts.
 */
export function shownEvent(event: Event, hidden: HiddenArguments): LoggedEvent {
  const { id, type, source, subject, time } = event;
  const {
    token: _token,
    signature: _signature,
    salt: _salt,
    ...data
  } = withoutSecrets(event, hidden) as Record<string, unknown>;
  const run_id = typeof data['run_id'] === 'string' ? data['run_id'] : null;
  return { id, type, source, subject, time, run_id, data };
}

function withoutSecrets({ type, data }: Event, hidden: HiddenArguments): object {
  const redaction = catalogue[type].redaction as 'none' | ((data: object, hidden: HiddenArguments) => object);
  return redaction === 'none' ? data : redaction(data, hidden);
}
