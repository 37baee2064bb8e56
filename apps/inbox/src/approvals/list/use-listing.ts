import type { Approval } from '@countersign/contracts/approvals';
import { atSeconds } from '@countersign/contracts/time';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { now } from '../../clock.js';
import { waiting } from '../../counts.js';
import { revision } from '../../server/connection.js';
import { announce } from '../../ui/page.js';
import { filtersIn } from './filters.js';
import { Listing } from './listing.js';
import { inOrder } from './order.js';

/** The listing that the query of an address asks for, read anew whenever something may have been missed. */
export function useListing(query: string): Listing {
  const listing = useMemo(() => new Listing(filtersIn(new URLSearchParams(query))), [query]);
  const seen = revision.value;
  const first = useRef(seen);
  useEffect(() => listing.open(), [listing]);
  useEffect(() => {
    if (seen !== first.current) void listing.read();
  }, [seen]);
  useHealing(listing, query === '');
  return listing;
}

const untilItTellsMs = 1_500;

/** When the count of all that waits stays another one, the stream has missed something, and the list is read again. */
function useHealing(listing: Listing, isAll: boolean): void {
  const { size } = listing.approvals.value;
  const count = waiting.value;
  const isWrong =
    isAll && !listing.hasMore.value && listing.total.value !== undefined && count !== undefined && count !== size;
  useEffect(() => {
    if (!isWrong) return undefined;
    const timer = setTimeout(() => void listing.read(), untilItTellsMs);
    return () => clearTimeout(timer);
  }, [isWrong, count, size]);
}

/** In order as of this minute; what is new is announced to screen readers. */
export function useOrder(listing: Listing): Approval[] {
  const minute = Math.floor(now.value / 60);
  const approvals = listing.approvals.value;
  const ordered = useMemo(() => inOrder(approvals.values(), atSeconds(minute * 60)), [approvals, minute]);
  const newest = useRef<number | undefined>(undefined);
  useEffect(() => {
    const latest = ordered.reduce((at, { created_at }) => Math.max(at, created_at), 0);
    const fresh = ordered.find(({ created_at }) => created_at === latest);
    if (newest.current !== undefined && latest > newest.current) announce(`New: ${fresh!.tool_name}`);
    newest.current = Math.max(latest, newest.current ?? 0);
  }, [ordered]);
  // What was listed stays until there is something else, so that typing does not make it flicker.
  const shown = useRef(ordered);
  if (listing.total.value !== undefined) shown.current = ordered;
  return shown.current;
}
