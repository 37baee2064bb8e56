import type { Approval } from '@countersign/contracts/approvals';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { rowsInView } from '../../ui/window.js';
import { Row, rowHeight } from './row.js';

interface ListProps {
  approvals: readonly Approval[];
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
export function ApprovalList({ approvals, cursor, open, query, selected, select, more }: ListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [first, end] = rowsInView(approvals.length, { rowHeight, ...view });

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
    if (end >= approvals.length) more();
  }, [end, approvals.length]);

  useCursor(scroller, approvals, cursor);

  return (
    <div class="list" ref={scroller} tabIndex={-1}>
      <ul aria-label="Approvals" style={{ height: `${approvals.length * rowHeight}px` }}>
        {approvals.slice(first, end).map((approval, n) => (
          <Row
            key={approval.id}
            approval={approval}
            position={first + n + 1}
            total={approvals.length}
            query={query}
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
function useCursor(list: RefObject<HTMLElement | null>, approvals: readonly Approval[], cursor: string | null): void {
  useEffect(() => {
    const index = approvals.findIndex(({ id }) => id === cursor);
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
