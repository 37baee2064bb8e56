import type { Log } from '@countersign/contracts';
import type { SignedCheckpoint } from '@countersign/contracts/audit';
import { appendFile } from 'node:fs/promises';

/** Somewhere that whoever has the store and the key of the record cannot change. */
export interface Anchor {
  name: 'file' | 'webhook';
  keep(checkpoint: SignedCheckpoint): Promise<void>;
}

/** A line each. */
export const fileAnchor = (path: string): Anchor => ({
  name: 'file',
  keep: (checkpoint) => appendFile(path, `${JSON.stringify(checkpoint)}\n`, { mode: 0o600, flush: true }),
});

const timeoutMs = 10_000;

export const webhookAnchor = (url: string): Anchor => ({
  name: 'webhook',
  async keep(checkpoint) {
    const { ok, status, body } = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'countersign' },
      body: JSON.stringify(checkpoint),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await body?.cancel();
    if (!ok) throw new Error(`HTTP ${status}`);
  },
});

export interface AnchorsOptions {
  anchors: readonly Anchor[];
  latest(): Promise<SignedCheckpoint | undefined>;
  logger: Pick<Log, 'warn'>;
  /** Called with the outcome of each attempt. */
  onTried?(anchor: Anchor['name'], outcome: 'kept' | 'failed'): void;
}

/**
 * Brings checkpoints to where they are kept besides, at least once. One that could not be brought is not missed: the next
 * one says of the same entries what it said.
 */
export class Anchors {
  readonly #options: AnchorsOptions;
  readonly #kept = new Map<Anchor, number>();
  #running: Promise<void> | undefined;

  constructor(options: AnchorsOptions) {
    this.#options = options;
  }

  /** There may be a new one. Nothing waits for that. */
  readonly look = (): void => {
    if (this.#options.anchors.length > 0) this.#running ??= this.#keep().finally(() => (this.#running = undefined));
  };

  async idle(): Promise<void> {
    await this.#running;
  }

  async #keep(): Promise<void> {
    const { anchors, latest, logger, onTried } = this.#options;
    const last = await latest().catch(() => undefined);
    if (!last) return;
    const due = anchors.filter((anchor) => (this.#kept.get(anchor) ?? 0) < last.size);
    await Promise.all(
      due.map(async (anchor) => {
        try {
          await anchor.keep(last);
          this.#kept.set(anchor, last.size);
          onTried?.(anchor.name, 'kept');
        } catch (err) {
          onTried?.(anchor.name, 'failed');
          logger.warn({ err, anchor: anchor.name, size: last.size }, 'a checkpoint is not kept elsewhere, retrying');
        }
      }),
    );
  }
}
