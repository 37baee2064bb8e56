import type { Backup } from '@countersign/contracts/backups';
import type { Transport } from '../transport/transport.js';

/** Copies of the data of a server where all of that is embedded. */
export class Backups {
  constructor(private readonly transport: Transport) {}

  /** Copies it on the machine of the server, while that works. */
  create(signal?: AbortSignal): Promise<Backup> {
    return this.transport.ask('Backup', 'POST', '/backups', { signal });
  }
}
