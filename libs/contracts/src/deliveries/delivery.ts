import { z } from 'zod';
import { Id, Lease, stored } from '../fields/fields.js';
import { EpochSeconds } from '../time/epoch.js';

export const NoticeKind = z.enum([
  'pending',
  'reminder',
  'escalation',
  'question',
  'answer',
  'break_glass',
  'resolved',
  'ended',
]);
/** The kinds of notification. */
export type NoticeKind = z.infer<typeof NoticeKind>;

export const DeliveryStatus = z.enum(['queued', 'sending', 'delivered', 'failed']);
export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

/** One try, and what came of it; `null` while it is under way. */
export const DeliveryAttempt = z.object({
  at: EpochSeconds,
  outcome: z.enum(['sent', 'not_needed', 'failed_for_now', 'failed_for_good', 'lost']).nullable(),
  detail: z.string().nullable(),
});
export type DeliveryAttempt = z.infer<typeof DeliveryAttempt>;

/** One notification of one approval in one channel. */
export const NoticeDelivery = z
  .object({
    id: Id,
    approval_id: Id,
    run_id: Id,
    channel: Id.meta({ description: "The channel's name." }),
    recipient: Id.nullable().default(null).meta({
      description: 'Of Web Push: the subscription that it is for; null: whoever the channel reaches.',
    }),
    kind: NoticeKind,
    n: z.int().positive().meta({ description: 'Which of its kind, such as the second reminder.' }),
    held_until: EpochSeconds.nullable().default(null).meta({
      description: 'When the quiet hours of the channel are over, or its digest is sent, where it waits for that.',
    }),
    in_digest: z.boolean().default(false).meta({
      description: 'Told in one message with others that were held until then.',
    }),
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
export type NoticeDelivery = z.infer<typeof NoticeDelivery>;
