import type { ConfigVersion } from '@countersign/contracts/configuration';
import type { Collection, Database, Store } from '@countersign/persistence';

/** A version that was put in force, as it is stored: it never changes, and the highest number is in force. */
export type StoredConfigVersion = ConfigVersion & { event_key: string };

export const configVersionCollection: Collection<StoredConfigVersion> = {
  name: 'config_versions',
  key: 'id',
  indexes: [['-number'], ['digest']],
};

/** By its key alone it is seen whether there is a later one. */
export const configVersionId = (number: number): string => String(number);

export const configVersionsIn = (database: Pick<Database, 'collection'>): Store<StoredConfigVersion> =>
  database.collection(configVersionCollection).store;
