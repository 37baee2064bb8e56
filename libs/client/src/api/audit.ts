import type {
  AuditEntry,
  ExportAuditEntriesQuery,
  ListAuditEntriesQuery,
  ListHoldsQuery,
  PlaceHoldRequest,
} from '@countersign/contracts/audit';
import type { z } from 'zod';
import type { Answers } from '../shapes.js';
import { pathOf } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import type { ListQuery } from './lists.js';

/** The record of all that happened, and what proves it. */
export class Audit {
  constructor(private readonly transport: Transport) {}

  /** What verifies checkpoints and evidence. */
  key(): Promise<Answers['AuditKey']> {
    return this.transport.ask('AuditKey', 'GET', '/audit/key');
  }

  /** How many entries there are, and the root of their tree, signed. */
  checkpoint(): Promise<Answers['SignedCheckpoint']> {
    return this.transport.ask('SignedCheckpoint', 'GET', '/audit/checkpoint');
  }

  health(): Promise<Answers['AuditHealth']> {
    return this.transport.ask('AuditHealth', 'GET', '/audit/health');
  }

  /** A page of entries, oldest first. */
  list(query: ListQuery<typeof ListAuditEntriesQuery> = {}, signal?: AbortSignal): Promise<Answers['AuditEntryPage']> {
    return this.transport.ask('AuditEntryPage', 'GET', '/audit/entries', { query, signal });
  }

  /** Entries, page by page. */
  async *all(query: ListQuery<typeof ListAuditEntriesQuery> = {}): AsyncGenerator<AuditEntry, void> {
    for (let after = query.after; ;) {
      const { data, next } = await this.list({ ...query, after });
      yield* data;
      if (next === null) return;
      after = next;
    }
  }

  /** Entries as lines for another system, page by page, each with the index behind which the next one begins. */
  async *exported(
    query: ListQuery<typeof ExportAuditEntriesQuery> = {},
  ): AsyncGenerator<{ text: string; next: number | null }, void> {
    for (let after = query.after; ;) {
      const limited = this.transport.limited({ query: { ...query, after } });
      const response = await this.transport.open('GET', '/audit/export', limited);
      const header = response.headers.get('x-next');
      const next = header === null ? null : Number(header);
      yield { text: await response.text(), next };
      if (next === null) return;
      after = next;
    }
  }

  /** Why an entry is in the tree of this size. */
  inclusion(index: number, size?: number): Promise<Answers['InclusionProof']> {
    return this.transport.ask('InclusionProof', 'GET', '/audit/proofs/inclusion', { query: { index, size } });
  }

  /** Why the record of one size is the beginning of that of another. */
  consistency(from: number, to?: number): Promise<Answers['ConsistencyProof']> {
    return this.transport.ask('ConsistencyProof', 'GET', '/audit/proofs/consistency', { query: { from, to } });
  }

  /** All that is on record of a run, with what proves it offline: to be kept as it is, to the byte. */
  async evidence(run_id: string): Promise<Uint8Array> {
    const response = await this.transport.open('GET', '/audit/evidence', this.transport.limited({ query: { run_id } }));
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Legal holds, the newest first, also those that were released. */
  holds(query: ListQuery<typeof ListHoldsQuery> = {}, signal?: AbortSignal): Promise<Answers['LegalHoldPage']> {
    return this.transport.ask('LegalHoldPage', 'GET', '/audit/holds', { query, signal });
  }

  /** Keeps entries from being removed, however old they are. */
  hold(body: z.input<typeof PlaceHoldRequest>): Promise<Answers['LegalHold']> {
    return this.transport.ask('LegalHold', 'POST', '/audit/holds', { body });
  }

  release(id: string, reason: string): Promise<Answers['LegalHold']> {
    return this.transport.ask('LegalHold', 'POST', pathOf`/audit/holds/${id}/release`, { body: { reason } });
  }
}
