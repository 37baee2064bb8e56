import { insertOnce, newRecord, type Collection, type Store, type StoredRecord } from '@countersign/persistence';
import type { EpochMillis } from '@countersign/contracts/time';
import { createECDH } from 'node:crypto';

/** Shows push services who sends, both as base64url. */
export interface VapidKeys {
  publicKey: string;
  privateKey: string;
}

interface PushKey extends StoredRecord {
  id: string;
  private_key: string;
}

export const pushKeyCollection: Collection<PushKey> = { name: 'push_keys', key: 'id', indexes: [] };

const only = 'vapid';

/** Those of this installation: as they are set, or else made once, by whichever process comes first. */
export async function vapidKeys(
  store: Pick<Store<PushKey>, 'get' | 'commit'>,
  configured: string | undefined,
  now: EpochMillis,
): Promise<VapidKeys> {
  if (configured !== undefined) return keysOf(configured);
  const kept = await store.get(only);
  if (kept) return keysOf(kept.private_key);
  const curve = createECDH('prime256v1');
  curve.generateKeys();
  // A private key that begins with zeros is shorter.
  const private_key = Buffer.from(curve.getPrivateKey('hex').padStart(64, '0'), 'hex').toString('base64url');
  await insertOnce(store as Store<PushKey>, { id: only, private_key, ...newRecord(now) });
  return keysOf((await store.get(only))!.private_key);
}

function keysOf(privateKey: string): VapidKeys {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(privateKey, 'base64url');
  return { publicKey: curve.getPublicKey('base64url'), privateKey };
}
