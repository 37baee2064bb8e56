import { derivedId, EpochSeconds, Id, Lease, stored } from '@countersign/contracts';
import type { Collection } from '@countersign/persistence';
import { z } from 'zod';
import { NoticeKind } from '@countersign/definitions';

export const DeliveryStatus = z.enum(['queued', 'sending', 'delivered', 'failed']);
export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

/** One try, and what came of it; `null` while it is under way. */
export const DeliveryAttempt = z.object({
  at: EpochSeconds,
  outcome: z.enum(['sent', 'not_needed', 'failed_for_now', 'failed_for_good', 'lost']).nullable(),
  detail: z.string().nullable(),
});
export type DeliveryAttempt = z.infer<typeof DeliveryAttempt>;

/** Something that one channel is told of one approval. */
export const Delivery = z
  .object({
    id: Id,
    approval_id: Id,
    run_id: Id,
    channel: Id.meta({ description: "The channel's name." }),
    kind: NoticeKind,
    n: z
      .int()
      .positive()
      .meta({ description: 'Which of its kind: of a reminder, how many seconds after the request it was due.' }),
    status: DeliveryStatus,
    attempts: z.array(DeliveryAttempt),
    receipt: z
      .record(z.string(), z.string())
      .nullable()
      .meta({ description: 'What the receiver calls the message, to change it later.' }),
    lease: Lease.nullable(),
    ...stored,
  })
  .meta({ id: 'Delivery' });
export type Delivery = z.infer<typeof Delivery>;

/** The same notice for the same channel is one delivery, however often it is asked for. */
export const deliveryId = (approvalId: string, channel: string, kind: NoticeKind, n: number): string =>
  derivedId('delivery', approvalId, channel, kind, String(n));

export const deliveryCollection: Collection<Delivery> = {
  name: 'deliveries',
  key: 'id',
  indexes: [
    ['due_at'],
    ['-created_at'],
    ['status', '-created_at'],
    ['status', 'updated_at'],
    ['channel', '-created_at'],
    ['approval_id', 'channel'],
  ],
};
