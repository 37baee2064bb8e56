import { services, type Log } from '@countersign/contracts';
import { systemClock } from '@countersign/contracts/time';
import type { Database } from '@countersign/persistence';
import { beginRecovery, endRecovery, installationsIn, type Installation } from '@countersign/persistence/installation';
import { openInfrastructure, readConfig, serviceSettings } from '@countersign/service';
import { z } from 'zod';
import type { Env } from './environment.js';

const silent: Log = { info() {}, warn() {}, error() {} };
const Settings = z.object({ ...serviceSettings, EXECUTION_HOLD: z.string().optional() });

/** What the store of an installation says of itself, for one service. */
export interface Marked {
  service: string;
  /** Epoch milliseconds; null where the store carries no marker. */
  born_at_ms: number | null;
  seen_at_ms: number | null;
  recovering: Installation['recovering'];
}

export interface Recovery {
  /** What the store says now. */
  look(): Promise<Marked[]>;
  /**
   * Says that what the store has now holds. No call is made until `finish`.
   *
   * @throws when EXECUTION_HOLD is not set, under which executors start meanwhile
   */
  begin(note: string): Promise<Marked[]>;
  /** Says that the records and the targets were compared. */
  finish(): Promise<Marked[]>;
  close(): Promise<void>;
}

/** Works on the store that this environment names; the embedded one must be in use by nobody. @throws DataInUse */
export async function openRecovery(env: Env): Promise<Recovery> {
  const settings = readConfig(Settings, env);
  const fatal = { onFatal() {} };
  const { database, close } = await openInfrastructure(
    { ...settings, PORT: 0 },
    { clientId: 'countersign-recover', log: silent, ...fatal },
  );
  const store = installationsIn(database);
  const look = async (): Promise<Marked[]> =>
    Promise.all(services.map(async (service) => marked(service, await store.get(service))));
  return {
    look,
    async begin(note) {
      if (!settings.EXECUTION_HOLD) throw new Error(holdFirst);
      const now = await timeOf(database);
      for (const service of services) await beginRecovery(store, service, now, note);
      return look();
    },
    async finish() {
      const now = await timeOf(database);
      for (const service of services) await endRecovery(store, service, now);
      return look();
    },
    close,
  };
}

const holdFirst =
  'EXECUTION_HOLD is not set. Set it here and for every executor first: the kill switches of a restored store are as they were.';

const marked = (service: string, known: Installation | undefined): Marked => ({
  service,
  born_at_ms: known?.born_at_ms ?? null,
  seen_at_ms: known?.seen_at_ms ?? null,
  recovering: known?.recovering ?? null,
});

const timeOf = (database: Database) => database.time().catch(() => systemClock());
