import { derivedId } from '@countersign/contracts';
import type { NoticeDelivery, NoticeKind } from '@countersign/contracts/deliveries';
import type { Collection } from '@countersign/persistence';

/** The same notice for the same channel, or one recipient of it, is one delivery, however often it is requested. */
export const deliveryId = (
  approvalId: string,
  channel: string,
  kind: NoticeKind,
  n: number,
  recipient: string | null = null,
): string => derivedId('delivery', approvalId, channel, kind, String(n), ...(recipient === null ? [] : [recipient]));

export const deliveryCollection: Collection<NoticeDelivery> = {
  name: 'deliveries',
  key: 'id',
  indexes: [
    ['due_at'],
    ['-created_at'],
    ['status', '-created_at'],
    ['status', 'updated_at'],
    ['channel', '-created_at'],
    ['approval_id', 'channel'],
    ['channel', 'held_until'],
  ],
};
