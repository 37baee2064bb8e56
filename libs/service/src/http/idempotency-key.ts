import { z } from 'zod';

/** The header `Idempotency-Key`: requests with the same one, of the same requester, are one. */
export const IdempotencyKey = z.string().min(1).max(200);
