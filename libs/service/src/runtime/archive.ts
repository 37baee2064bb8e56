import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@countersign/contracts/time';

/**
 * Writes records out before they are removed, a line of JSON each, into files of this process and day for its owner alone. What
 * a crash interrupts is written once more.
 */
export class Archive {
  constructor(
    private readonly dir: string,
    private readonly now: Clock,
  ) {}

  /** Resolves when they are on disk. */
  async add(name: string, records: readonly object[]): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const day = new Date(this.now()).toISOString().slice(0, 10);
    const file = await open(join(this.dir, `${name}-${day}-${process.pid}.ndjson`), 'a', 0o600);
    try {
      await file.write(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
