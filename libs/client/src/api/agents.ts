import type { AgentDetail, AgentOutput } from '@countersign/contracts/runs';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';

/** The agents that can be run. */
export class Agents {
  constructor(private readonly transport: Transport) {}

  list(signal?: AbortSignal): Promise<AgentOutput[]> {
    return this.transport.ask('Agents', 'GET', '/agents', { signal });
  }

  get(id: string, signal?: AbortSignal): Promise<AgentDetail> {
    return this.transport.ask('AgentDetail', 'GET', pathOf`/agents/${id}`, { signal });
  }
}
