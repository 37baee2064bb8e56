import { z } from 'zod';

/** The requested page of a list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
};

/** A page of a list, with agno's `meta`. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    data: z.array(item),
    meta: z.object({
      page: z.int(),
      limit: z.int(),
      total_pages: z.int(),
      total_count: z.int(),
    }),
  });
