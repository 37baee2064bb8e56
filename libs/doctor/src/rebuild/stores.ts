import { services } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import type { Run } from '@countersign/contracts/runs';
import { systemClock } from '@countersign/contracts/time';
import type { Database, Store, StoredRecord } from '@countersign/persistence';
import { beginRecovery, installationsIn } from '@countersign/persistence/installation';

/** The records of the services, each in the store of its owner. */
export const recordsIn = (database: Database) => {
  const store = <R extends StoredRecord>(name: string, key: keyof R & string): Store<R> =>
    database.collection<R>({ name, key, indexes: [] }).store;
  return {
    runs: store<Run>('runs', 'run_id'),
    approvals: store<Approval>('approvals', 'id'),
    executions: store<Execution>('executions', 'id'),
  };
};

/** From now on nothing is executed until a person has compared the records with the targets. */
export async function markAsPast(database: Database, note: string): Promise<void> {
  const now = await database.time().catch(() => systemClock());
  for (const service of services) await beginRecovery(installationsIn(database), service, now, note);
}
