import type { Grant, ListGrantsQuery } from '@countersign/contracts/approvals';
import type { Answers } from '../shapes.js';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import type { ListQuery } from './lists.js';

/** Standing grants, which let an agent make certain calls without asking. */
export class Grants {
  constructor(private readonly transport: Transport) {}

  list(query: ListQuery<typeof ListGrantsQuery> = {}, signal?: AbortSignal): Promise<Answers['GrantPage']> {
    return this.transport.ask('GrantPage', 'GET', '/grants', { query, signal });
  }

  get(id: string, signal?: AbortSignal): Promise<Grant> {
    return this.transport.ask('Grant', 'GET', pathOf`/grants/${id}`, { signal });
  }

  revoke(id: string): Promise<Grant> {
    return this.transport.ask('Grant', 'DELETE', pathOf`/grants/${id}`);
  }
}
