import type { Approval } from '@countersign/contracts/approvals';
import { useRef, useState } from 'preact/hooks';
import { pending } from '../counts.js';
import { useKeys } from '../keyboard.js';
import { navigate, query } from '../navigation.js';
import { addressOf } from '../routes.js';
import { may } from '../server/session.js';
import { Empty, Failure } from '../ui/notes.js';
import { useHeading } from '../ui/page.js';
import { OpenQuestions } from './open-questions.js';
import { OpenReviews } from './break-glass.js';
import { ApprovalPage } from './approval-page.js';
import { BulkBar } from './list/bulk-bar.js';
import { Elsewhere } from './list/elsewhere.js';
import { filtersIn, queryOf, type Filters } from './list/filters.js';
import type { Listing } from './list/listing.js';
import type { View } from './list/views.js';
import { intent } from './decision/intent.js';
import { ApprovalList } from './list/list.js';
import { SearchBar } from './list/search-bar.js';
import { useSelection } from './list/selection.js';
import { useListing, useRows } from './list/use-listing.js';

/** The approvals, and beside them the one that is open. */
export function Inbox({ id }: { id: string | null }) {
  const filters = filtersIn(query.value);
  const search = queryOf(filters);
  const listing = useListing(search);
  const [isHeld, setHeld] = useState(false);
  const { rows, fresh } = useRows(listing, filters, isHeld);
  const approvals = rows.map(({ approval }) => approval);
  const selection = useSelection(listing.approvals.value);
  const [cursor, setCursor] = useState<string | null>(null);
  const position = useRef(0);
  const index = approvals.findIndex((each) => each.id === (id ?? cursor));
  if (index >= 0) position.current = index;

  const open = (next: string | null) => navigate(addressOf('inbox', next) + search);
  /** One that is no longer listed has left its place to the next. */
  const neighbour = (step: 1 | -1): Approval | undefined =>
    index >= 0 ? approvals[index + step] : approvals[step > 0 ? position.current : position.current - 1];
  const move = (step: 1 | -1) => {
    const next = neighbour(step);
    if (!next) return;
    setCursor(next.id);
    if (id !== null) open(next.id);
  };
  const decide = (what: 'approve' | 'reject' | 'edit') => {
    const target = id ?? cursor;
    if (target === null) return;
    intent.value = what;
    open(target);
  };
  const close = () => {
    setCursor(id);
    open(null);
  };
  const current = id ?? cursor;
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: (event) => (id === null ? move(1) : scrollBy(event, 80)),
    ArrowUp: (event) => (id === null ? move(-1) : scrollBy(event, -80)),
    a: () => decide('approve'),
    r: () => decide('reject'),
    e: () => decide('edit'),
    x: () => current !== null && selection.toggle?.(current),
    '/': () => focusSearch(() => open(null)),
    Escape: () => id !== null && close(),
  });

  return (
    <div class={`inbox ${id === null ? '' : 'has-open'}`}>
      <section
        class="list-pane"
        aria-label="Approvals"
        onPointerEnter={({ pointerType }) => pointerType === 'mouse' && setHeld(true)}
        onPointerLeave={() => setHeld(false)}
      >
        <ListHead
          status={filters.status}
          view={filters.view}
          total={totalOf(listing, filters, approvals.length)}
          isPage={id === null}
        />
        <SearchBar filters={filters} known={approvals} />
        <Elsewhere
          filters={filters}
          shown={listing.hasMore.value ? undefined : rows.filter(({ isGone }) => !isGone).length + fresh}
        />
        <OpenReviews />
        <OpenQuestions approvals={listing.approvals.value.values()} />
        {fresh > 0 && (
          <button type="button" class="fresh" onClick={() => listing.take()}>
            {fresh.toLocaleString()} new
          </button>
        )}
        <Failure problem={listing.problem.value} retry={() => void listing.read()} />
        {approvals.length > 0 ? (
          <ApprovalList
            rows={rows}
            cursor={id === null ? cursor : null}
            open={id}
            query={search}
            selected={selection.ids}
            select={selection.toggle}
            more={() => void listing.readMore()}
          />
        ) : (
          listing.total.value !== undefined && (
            <NothingHere isFiltered={search !== ''} waitsForOthers={(pending.value ?? 0) > 0} />
          )
        )}
        {selection.ids.size > 0 && <BulkBar selection={selection} />}
      </section>
      <section class="detail-pane" aria-label="The approval that is open">
        {id === null ? (
          approvals.length > 0 && <NothingOpen />
        ) : (
          <ApprovalPage key={id} id={id} close={close} next={neighbour(1)?.id} open={open} />
        )}
      </section>
    </div>
  );
}

/** What fits, as far as it is known: a view is looked at here, the rest is counted by the server. */
function totalOf({ total, hasMore }: Listing, { view, risk, environment }: Filters, shown: number): number | undefined {
  if (total.value === undefined) return undefined;
  return (view === 'all' && risk === '' && environment === '') || hasMore.value ? total.value : shown;
}

interface ListHeadProps {
  status: string;
  view: View;
  total: number | undefined;
  isPage: boolean;
}

function ListHead({ status, view, total, isPage }: ListHeadProps) {
  const heading = useHeading(isPage ? 'Inbox' : null);
  const Heading = isPage ? 'h1' : 'h2';
  const what = {
    mine: may('approvals:write') ? 'waiting for you' : 'waiting',
    others: 'waiting for others',
    decided: 'decided by you',
  }[view as string];
  return (
    <div class="list-head">
      <Heading ref={isPage ? heading : null} tabIndex={-1}>
        Inbox
      </Heading>
      {total !== undefined && (
        <p>
          {total.toLocaleString()} {what ?? { pending: 'waiting', all: 'in all' }[status] ?? status}
        </p>
      )}
    </div>
  );
}

const NothingHere = ({ isFiltered, waitsForOthers }: { isFiltered: boolean; waitsForOthers: boolean }) =>
  isFiltered ? (
    <Empty title="Nothing fits these filters">
      <a href={`${addressOf('inbox')}?view=all`}>Show all that waits</a>
    </Empty>
  ) : waitsForOthers ? (
    <Empty title="Nothing waits for you">
      <a href={`${addressOf('inbox')}?view=others`}>See what waits for others</a>
    </Empty>
  ) : (
    <Empty title="Nothing waits for a decision">
      Requests of agents appear here. {may('runs:write') && <a href={`${addressOf('runs')}?start`}>Start a run</a>}
    </Empty>
  );

const NothingOpen = () => (
  <Empty title="No approval is open">
    Choose one from the list, or press <kbd>j</kbd> and <kbd>Enter</kbd>.
  </Empty>
);

function focusSearch(showList: () => void): void {
  const focus = () => document.getElementById('search')?.focus();
  if (document.getElementById('search')?.checkVisibility()) return focus();
  showList();
  requestAnimationFrame(focus);
}

const scrollBy = (_event: KeyboardEvent, pixels: number): void =>
  document.querySelector('.detail-pane')?.scrollBy({ top: pixels });
