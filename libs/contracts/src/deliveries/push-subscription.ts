import { z } from 'zod';
import { Id } from '../fields/fields.js';
import { EpochSeconds } from '../time/epoch.js';

const base64url = (length: number) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${length}}$`), `must be ${length} characters of base64url`);

/** What a browser says of its subscription: `PushSubscription.toJSON()`. */
export const SubscribeRequest = z.object({
  endpoint: z
    .url({ protocol: /^https$/, error: 'must be a URL that begins with https://' })
    .max(2_000)
    .meta({ description: 'Where the push service of the browser takes messages for it.' }),
  keys: z.object({ p256dh: base64url(87), auth: base64url(22) }),
});
export type SubscribeRequest = z.infer<typeof SubscribeRequest>;

/** A browser that is told of approvals. */
export const PushSubscription = z
  .object({
    id: Id,
    service: z.string().meta({ description: 'The host of its push service.' }),
    created_at: EpochSeconds,
  })
  .meta({ id: 'PushSubscription' });
export type PushSubscription = z.infer<typeof PushSubscription>;

export const PushSubscriptionList = z.object({
  public_key: z
    .string()
    .nullable()
    .meta({ description: 'To subscribe with (`applicationServerKey`); null: there is no channel of Web Push.' }),
  data: z.array(PushSubscription),
});
