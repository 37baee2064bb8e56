import { titleLine } from '@countersign/contracts/presentation';
import { atSeconds } from '@countersign/contracts/time';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { now } from '../../clock.js';
import { callOf } from '../../calls/call-of.js';
import { pending } from '../../counts.js';
import { me } from '../../server/client.js';
import { viewerOf } from '../../server/session.js';
import { revision } from '../../server/connection.js';
import { announce } from '../../ui/page.js';
import { filtersIn, queryOf, type Filters } from './filters.js';
import { Listing } from './listing.js';
import { inOrder } from './order.js';
import { steadyRows, type SteadyRow } from './steady.js';
import { isInView } from './views.js';

/** The listing that the query of an address asks for, read anew whenever something may have been missed. */
export function useListing(query: string): Listing {
  const listing = useMemo(() => new Listing(filtersIn(new URLSearchParams(query))), [query]);
  const seen = revision.value;
  const first = useRef(seen);
  useEffect(() => listing.open(), [listing]);
  useEffect(() => {
    if (seen !== first.current) void listing.read();
  }, [seen]);
  useHealing(listing, asksForAllPending(filtersIn(new URLSearchParams(query))));
  return listing;
}

/** Whether the server is asked for nothing but what is pending. */
const asksForAllPending = ({ status, tool_name, agent_id, user_id, text }: Filters): boolean =>
  status === 'pending' && [tool_name, agent_id, user_id, text].every((each) => each === '');

const untilItTellsMs = 1_500;

/** When the count of all that waits stays another one, the stream has missed something, and the list is read again. */
function useHealing(listing: Listing, isAll: boolean): void {
  const { size } = listing.approvals.value;
  const count = pending.value;
  const isWrong =
    isAll && !listing.hasMore.value && listing.total.value !== undefined && count !== undefined && count !== size;
  useEffect(() => {
    if (!isWrong) return undefined;
    const timer = setTimeout(() => void listing.read(), untilItTellsMs);
    return () => clearTimeout(timer);
  }, [isWrong, count, size]);
}

/** What is looked through for a view that few approvals belong to, before somebody asks for more. */
const lookedThrough = 2_000;
const enough = 50;

export interface Rows {
  rows: SteadyRow[];
  /** How many have come by themselves and wait to be taken in. */
  fresh: number;
}

/**
 * What a view shows of a listing, in order as of this minute. What comes by itself waits until it is taken in, unless
 * nothing is there, and is announced to screen readers.
 *
 * @param isHeld whether somebody points at a row, so that none may move
 */
export function useRows(listing: Listing, filters: Filters, isHeld: boolean): Rows {
  const minute = Math.floor(now.value / 60);
  const approvals = listing.approvals.value;
  const arrived = listing.arrived.value;
  const viewer = viewerOf(me.value!);
  const inView = useMemo(
    () =>
      inOrder(
        [...approvals.values()].filter((each) => isInView(each, filters, viewer)),
        atSeconds(minute * 60),
      ),
    [approvals, minute, queryOf(filters), viewer.subject],
  );
  const ordered = useMemo(() => inView.filter(({ id }) => !arrived.has(id)), [inView, arrived]);
  const fresh = inView.length - ordered.length;
  useEffect(() => {
    if (ordered.length === 0 && fresh > 0) listing.take();
  }, [ordered.length, fresh]);
  useEffect(() => {
    if (inView.length < enough && approvals.size < lookedThrough && listing.hasMore.value) void listing.readMore();
  }, [inView.length, approvals.size, listing.hasMore.value]);
  const newest = useRef<number | undefined>(undefined);
  useEffect(() => {
    const latest = inView.reduce((at, { created_at }) => Math.max(at, created_at), 0);
    const one = inView.find(({ created_at }) => created_at === latest);
    if (newest.current !== undefined && latest > newest.current) announce(`New: ${titleLine(callOf(one!))}`);
    newest.current = Math.max(latest, newest.current ?? 0);
  }, [inView]);
  // What was listed stays until there is something else, so that typing does not make it flicker.
  const shown = useRef<SteadyRow[]>([]);
  const held = useRef<Listing>(listing);
  if (listing.total.value !== undefined) {
    const isSame = held.current === listing;
    held.current = listing;
    shown.current = steadyRows(isHeld && isSame ? shown.current : null, ordered);
  }
  return { rows: shown.current, fresh };
}
