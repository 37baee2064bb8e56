import { apiKeys, type ApiKey } from '@countersign/auth';
import { emit, eventId, eventSource, type Event, type NewEvent } from '@countersign/contracts';
import type { Provenance } from '@countersign/contracts/provenance';
import { noTrace } from '@countersign/contracts/trace';
import type { Clock } from '@countersign/contracts/time';
import { type OutboxRelay, type Publication } from '@countersign/persistence';

/** Publishes who creates and revokes keys: a key whose event cannot be stored with it is not stored. */
export class KeyEvents {
  constructor(
    private readonly relay: Pick<OutboxRelay, 'push'>,
    private readonly now: Clock,
  ) {}

  created = (act: Partial<Provenance>): Publication<ApiKey> =>
    this.#publication(act, ({ id: key_id, name, subject, roles, groups, expires_at }) =>
      emit('access.key_created', { key_id, name, subject, roles, groups, expires_at }),
    );

  revoked = (act: Partial<Provenance>): Publication<ApiKey> =>
    this.#publication(act, ({ id: key_id, subject }) => emit('access.key_revoked', { key_id, subject }));

  #publication(act: Partial<Provenance>, eventOf: (key: ApiKey) => NewEvent): Publication<ApiKey> {
    const events = (key: ApiKey): Event[] => {
      const id = eventId(apiKeys.name, key.id, key.version, 0);
      const about = { source: eventSource('approval-service'), subject: `${apiKeys.name}/${key.id}`, key: key.id };
      return [{ ...eventOf(key), id, time: new Date(this.now()).toISOString(), ...about, ...noTrace, ...act } as Event];
    };
    return { events, publish: (unpublished) => this.relay.push(unpublished) };
  }
}
