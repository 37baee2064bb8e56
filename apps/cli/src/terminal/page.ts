import type { Screen } from './screen.js';
import { table, type Column } from './table.js';
import { plural } from './words.js';

interface Page<T> {
  data: T[];
  meta: { page: number; total_pages: number; total_count: number };
}

/** Shows a page of a list, and says beside it that there is nothing, or more. @param what one of them is called. */
export function showPage<T>(screen: Screen, page: Page<T>, columns: readonly Column<T>[], what: string): void {
  const { data, meta } = page;
  screen.show(page, () => (data.length > 0 ? table(screen, columns, data) : []));
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
