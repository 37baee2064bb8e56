import type { DeadLetter, ListDeadLettersQuery } from '@countersign/contracts/event-log';
import type { Answers } from '../shapes.js';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import type { ListQuery } from './lists.js';

/** Messages that a service could not handle. */
export class DeadLetters {
  constructor(private readonly transport: Transport) {}

  list(query: ListQuery<typeof ListDeadLettersQuery> = {}, signal?: AbortSignal): Promise<Answers['DeadLetterPage']> {
    return this.transport.ask('DeadLetterPage', 'GET', '/dead-letters', { query, signal });
  }

  /** With the bytes of the message. */
  get(id: string, signal?: AbortSignal): Promise<DeadLetter> {
    return this.transport.ask('DeadLetter', 'GET', pathOf`/dead-letters/${id}`, { signal });
  }

  /** Puts the message back where it was, to be handled again. */
  replay(id: string, note?: string): Promise<DeadLetter> {
    return this.transport.ask('DeadLetter', 'POST', pathOf`/dead-letters/${id}/replay`, { body: { note } });
  }

  /** Lets it be. */
  discard(id: string, note?: string): Promise<DeadLetter> {
    return this.transport.ask('DeadLetter', 'POST', pathOf`/dead-letters/${id}/discard`, { body: { note } });
  }
}
