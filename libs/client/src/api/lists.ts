import type { z } from 'zod';

/** The query of a list, as its schema names it; numbers of pages and records are numbers. */
export type ListQuery<S extends z.ZodType<object>> = {
  [K in Exclude<keyof z.output<S>, 'cursor'>]?: z.output<S>[K] | undefined;
};

interface Page<T> {
  data: T[];
  meta: { page: number; total_pages: number; next_cursor?: string | null };
}

/** Where a page of a list begins. */
type PageCursor = { page: number } | { cursor: string };

/**
 * Everything on a list, page by page as it is needed. What is new meanwhile shifts pages that go by number, so that
 * something may come twice; it is not lost unless something is removed meanwhile.
 */
export async function* everythingOn<T>(pageAt: (cursor: PageCursor) => Promise<Page<T>>): AsyncGenerator<T, void> {
  let cursor: PageCursor | undefined = { page: 1 };
  while (cursor) {
    const { data, meta }: Page<T> = await pageAt(cursor);
    yield* data;
    if (typeof meta.next_cursor === 'string') cursor = { cursor: meta.next_cursor };
    else cursor = 'page' in cursor && meta.page < meta.total_pages ? { page: meta.page + 1 } : undefined;
  }
}
