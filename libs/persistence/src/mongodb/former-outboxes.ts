import type { Collection as Documents } from 'mongodb';
import type { Document } from './documents.js';

const formerIndex = 'outbox.committed_at_1';

/**
 * A former version looked for events in outboxes by an index over all of their entries. Where that one is there, what it
 * finds is marked as what a sweep looks for today, and the index goes.
 */
export async function markFormerOutboxes(documents: Documents<Document>): Promise<void> {
  const indexes = await documents.listIndexes().toArray();
  if (!indexes.some(({ name }) => name === formerIndex)) return;
  const waiting = { 'outbox.committed_at': { $gt: 0 }, outbox_since: { $exists: false } };
  await documents.updateMany(waiting, { $set: { outbox_since: 1 } });
  await documents.dropIndex(formerIndex);
}
