import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { rowsInView } from '../../ui/window.js';
import type { SteadyRow } from './steady.js';
import { runBegins } from './order.js';
import { Row, rowHeight } from './row.js';

interface ListProps {
  rows: readonly SteadyRow[];
  /** The one that the keys are at. */
  cursor: string | null;
  open: string | null;
  query: string;
  selected: ReadonlySet<string>;
  select: ((id: string) => void) | undefined;
  /** Called when the end is near. */
  more(): void;
}

/** A list of any length, of which only what can be seen is drawn. */
export function ApprovalList({ rows, cursor, open, query, selected, select, more }: ListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [first, end] = rowsInView(rows.length, { rowHeight, ...view });

  useLayoutEffect(() => {
    const element = scroller.current!;
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);

  useEffect(() => {
    if (end >= rows.length) more();
  }, [end, rows.length]);

  useCursor(scroller, rows, cursor);

  return (
    <div class="list" ref={scroller} tabIndex={-1}>
      <ul aria-label="Approvals" style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(first, end).map(({ approval, isGone }, n) => (
          <Row
            key={approval.id}
            approval={approval}
            position={first + n + 1}
            total={rows.length}
            query={query}
            ofRun={runBegins(rows, first + n)}
            isInRun={rows[first + n - 1]?.approval.run_id === approval.run_id}
            isGone={isGone}
            isOpen={approval.id === open}
            isSelected={selected.has(approval.id)}
            select={select}
          />
        ))}
      </ul>
    </div>
  );
}

/** Brings the row of the cursor into view, and the focus to it, whenever the cursor moves. */
function useCursor(list: RefObject<HTMLElement | null>, rows: readonly SteadyRow[], cursor: string | null): void {
  useEffect(() => {
    const index = rows.findIndex(({ approval }) => approval.id === cursor);
    const scroller = list.current;
    if (!scroller || index < 0) return undefined;
    const top = index * rowHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + rowHeight > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = top + rowHeight - scroller.clientHeight;
    const focus = requestAnimationFrame(() =>
      requestAnimationFrame(() =>
        scroller.querySelector<HTMLElement>(`[data-approval="${CSS.escape(cursor!)}"]`)?.focus({ preventScroll: true }),
      ),
    );
    return () => cancelAnimationFrame(focus);
  }, [cursor]);
}
