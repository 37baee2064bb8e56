import { catalogue, type EventName } from './catalogue.js';
import type { Event } from './event.js';
import type { HiddenArguments } from './event-redaction.js';

/** Credentials, and what would tell a hidden argument to whoever tries all there are. */
const secrets = ['token', 'salt'] as const;

/**
 * The data of an event for an audience: whatever its tool declares as not for everybody's eyes is hidden, be it by what
 * the event says or by what is declared here, and so are tokens and salts.
 */
export function shownData({ type, data }: Pick<Event, 'type' | 'data'>, hidden: HiddenArguments): Shown {
  const redaction = catalogue[type as EventName].redaction as
    | 'none'
    | ((data: object, hidden: HiddenArguments) => object);
  const shown: Shown = redaction === 'none' ? { ...data } : { ...redaction(data, hidden) };
  for (const name of secrets) delete shown[name];
  return shown;
}

type Shown = Record<string, unknown>;
