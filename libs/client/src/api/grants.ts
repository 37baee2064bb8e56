import type { Grant, ListGrantsQuery } from '@countersign/contracts/approvals';
import type { DelegateRequest, Delegation, ListDelegationsQuery } from '@countersign/contracts/delegations';
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

/** Who decides in whose place, and until when. */
export class Delegations {
  constructor(private readonly transport: Transport) {}

  /** Newest first. Without a name: those that whoever asks has made; of an administrator all. */
  list(query: ListQuery<typeof ListDelegationsQuery> = {}, signal?: AbortSignal): Promise<Answers['DelegationPage']> {
    return this.transport.ask('DelegationPage', 'GET', '/delegations', { query, signal });
  }

  /** Names a deputy of whoever asks. */
  create(delegation: DelegateRequest): Promise<Delegation> {
    return this.transport.ask('Delegation', 'POST', '/delegations', { body: delegation });
  }

  revoke(id: string): Promise<Delegation> {
    return this.transport.ask('Delegation', 'DELETE', pathOf`/delegations/${id}`);
  }
}
