import type { ListSessionsQuery, RunOutput, SessionOutput } from '@countersign/contracts/runs';
import type { Answers } from '../shapes.js';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import type { ListQuery } from './lists.js';

/** Conversations, of which a run is one turn. */
export class Sessions {
  constructor(private readonly transport: Transport) {}

  list(query: ListQuery<typeof ListSessionsQuery> = {}, signal?: AbortSignal): Promise<Answers['SessionPage']> {
    return this.transport.ask('SessionPage', 'GET', '/sessions', { query, signal });
  }

  get(id: string, signal?: AbortSignal): Promise<SessionOutput> {
    return this.transport.ask('Session', 'GET', pathOf`/sessions/${id}`, { signal });
  }

  rename(id: string, session_name: string, signal?: AbortSignal): Promise<SessionOutput> {
    return this.transport.ask('Session', 'POST', pathOf`/sessions/${id}/rename`, { body: { session_name }, signal });
  }

  /** The runs of a session, oldest first. */
  runs(id: string, signal?: AbortSignal): Promise<RunOutput[]> {
    return this.transport.ask('Runs', 'GET', pathOf`/sessions/${id}/runs`, { signal });
  }

  run(id: string, runId: string, signal?: AbortSignal): Promise<RunOutput> {
    return this.transport.ask('Run', 'GET', pathOf`/sessions/${id}/runs/${runId}`, { signal });
  }
}
