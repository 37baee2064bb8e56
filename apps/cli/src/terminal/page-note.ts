import type { Screen } from './screen.js';
import { plural } from './words.js';

interface Page {
  data: readonly unknown[];
  meta: { page: number; total_pages: number; total_count: number };
}

/** Says beside a list that there is nothing, or more. @param what one of them is called. */
export function pageNote(screen: Screen, { data, meta }: Page, what: string): void {
  if (screen.json) return;
  if (meta.total_count === 0) screen.note(`No ${what}s.`);
  else if (meta.total_pages > 1)
    screen.note(
      screen.tint(
        'dim',
        `${data.length} of ${plural(meta.total_count, what)}; page ${meta.page} of ${meta.total_pages} (--page, --limit)`,
      ),
    );
}
