import { z } from 'zod';

export const EpochSeconds = z.int().nonnegative().brand<'EpochSeconds'>().meta({
  description: 'Seconds since 1970-01-01T00:00:00Z.',
});
export type EpochSeconds = z.infer<typeof EpochSeconds>;

export const EpochMillis = z.int().nonnegative().brand<'EpochMillis'>().meta({
  description: 'Milliseconds since 1970-01-01T00:00:00Z.',
});
export type EpochMillis = z.infer<typeof EpochMillis>;
