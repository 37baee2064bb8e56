import { emit, eventId, eventSource, type Event, type NewEvent, type ServiceName } from '@countersign/contracts';
import { noTrace } from '@countersign/contracts/trace';
import type { Clock } from '@countersign/contracts/time';
import type { Publication } from '@countersign/persistence';
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { actOf } from '../act.js';
import type { Principal } from '../principal.js';
import { browserSessions, principalOfSession, type BrowserSession } from '../sign-in/browser-sessions.js';

const longest = 200;

type UsedRequest = Pick<FastifyRequest, 'method' | 'params' | 'routeOptions'>;

export interface AccessEventsOptions {
  /** Which service people see here. */
  service: ServiceName;
  now: Clock;
  /** Publishes what is stored with a session. */
  push(events: readonly Event[]): void;
  /** Publishes what is stored nowhere. */
  publish(events: readonly Event[]): Promise<void>;
}

/**
 * Publishes who signs in and out: a session whose event cannot be stored with it does not begin. And who uses a route that
 * changes no record with events of its own: right before, so that nothing is done that is not on the log.
 */
export class AccessEvents {
  constructor(private readonly options: AccessEventsOptions) {}

  signedIn = ({ ip }: Pick<FastifyRequest, 'ip'>, by: 'key' | 'link'): Publication<BrowserSession> =>
    this.#publication(({ id: session_id, subject, roles, groups, key_id, expires_at }) =>
      emit('access.signed_in', { session_id, subject, roles, groups, by, key_id, address: ip, expires_at }),
    );

  signedOut = ({ ip }: Pick<FastifyRequest, 'ip'>): Publication<BrowserSession> =>
    this.#publication(({ id: session_id, subject }) => emit('access.signed_out', { session_id, subject, address: ip }));

  /** @throws RetryableError when that is not known to be on the log */
  used = async ({ method, params, routeOptions }: UsedRequest, who: Principal): Promise<void> => {
    const { service, now, publish } = this.options;
    const id = `used/${randomUUID()}`;
    const [object = null] = Object.values((params ?? {}) as Record<string, string>);
    const data = { method, route: routeOptions.url ?? '', object: object?.slice(0, longest) ?? null };
    const about = { source: eventSource(service), subject: id, key: who.credential.key_id ?? who.credential.id };
    const time = new Date(now()).toISOString();
    await publish([{ ...emit('access.used', data), id, time, ...about, ...actOf(who), ...noTrace } as Event]);
  };

  #publication(eventOf: (session: BrowserSession) => NewEvent): Publication<BrowserSession> {
    const { service, now, push } = this.options;
    const events = (session: BrowserSession): Event[] => {
      const id = eventId(browserSessions.name, session.id, session.version, 0);
      const about = {
        source: eventSource(service),
        subject: `${browserSessions.name}/${session.id}`,
        key: session.id,
        ...actOf(principalOfSession(session)),
      };
      return [{ ...eventOf(session), id, time: new Date(now()).toISOString(), ...about, ...noTrace } as Event];
    };
    return { events, publish: push };
  }
}
