import type { RequestedCalls, RequestCalls } from '@countersign/contracts/runs';
import { millisOf, type Seconds } from '@countersign/contracts/time';
import type { z } from 'zod';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import type { StartOptions } from './runs.js';

/** The calls, and what whoever decides should know. */
export type NewCalls = z.input<typeof RequestCalls>;

/** The calls of agents that run elsewhere. Each request is a run, which `runs` cancels and follows. */
export class Calls {
  constructor(private readonly transport: Transport) {}

  /** Asks for calls, which are stored when this returns and wait for their decisions whatever becomes of the caller. */
  ask(agentId: string, wanted: NewCalls, { idempotencyKey }: StartOptions = {}): Promise<RequestedCalls> {
    const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    return this.transport.ask('RequestedCalls', 'POST', pathOf`/agents/${agentId}/calls`, { body: wanted, headers });
  }

  get(
    { agent_id, run_id }: Pick<RequestedCalls, 'agent_id' | 'run_id'>,
    signal?: AbortSignal,
  ): Promise<RequestedCalls> {
    return this.transport.ask('RequestedCalls', 'GET', pathOf`/agents/${agent_id}/calls/${run_id}`, { signal });
  }

  /** The calls once something has happened to them since, or as they are when the time is up. */
  next(
    { agent_id, run_id, version }: Pick<RequestedCalls, 'agent_id' | 'run_id' | 'version'>,
    { seconds = 20, signal }: { seconds?: Seconds; signal?: AbortSignal | undefined } = {},
  ): Promise<RequestedCalls> {
    return this.transport.ask('RequestedCalls', 'GET', pathOf`/agents/${agent_id}/calls/${run_id}`, {
      query: { since: version, timeout: seconds },
      timeout_ms: millisOf(seconds) + this.transport.timeout_ms,
      signal,
    });
  }
}
