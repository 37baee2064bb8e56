import type { Approval } from '@countersign/contracts/approvals';
import { useRef, useState } from 'preact/hooks';
import { waiting } from '../counts.js';
import { useKeys } from '../keyboard.js';
import { navigate, query } from '../navigation.js';
import { addressOf } from '../routes.js';
import { may } from '../server/session.js';
import { Empty, Failure } from '../ui/notes.js';
import { useHeading } from '../ui/page.js';
import { ApprovalPage } from './approval-page.js';
import { BulkBar } from './list/bulk-bar.js';
import { filtersIn, queryOf } from './list/filters.js';
import { intent } from './decision/intent.js';
import { ApprovalList } from './list/list.js';
import { SearchBar } from './list/search-bar.js';
import { useSelection } from './list/selection.js';
import { useListing, useOrder } from './list/use-listing.js';

/** The approvals, and beside them the one that is open. */
export function Inbox({ id }: { id: string | null }) {
  const filters = filtersIn(query.value);
  const search = queryOf(filters);
  const listing = useListing(search);
  const approvals = useOrder(listing);
  const selection = useSelection(listing.approvals.value);
  const [cursor, setCursor] = useState<string | null>(null);
  const position = useRef(0);
  const index = approvals.findIndex((each) => each.id === (id ?? cursor));
  if (index >= 0) position.current = index;

  const open = (next: string | null) => navigate(next === null ? `/inbox${search}` : addressOf('inbox', next) + search);
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
      <section class="list-pane" aria-label="Approvals">
        <ListHead
          status={filters.status}
          total={search === '' ? (waiting.value ?? listing.total.value) : listing.total.value}
          isPage={id === null}
        />
        <SearchBar filters={filters} known={approvals} />
        <Failure problem={listing.problem.value} retry={() => void listing.read()} />
        {approvals.length > 0 ? (
          <ApprovalList
            approvals={approvals}
            cursor={id === null ? cursor : null}
            open={id}
            query={search}
            selected={selection.ids}
            select={selection.toggle}
            more={() => void listing.readMore()}
          />
        ) : (
          listing.total.value !== undefined && <NothingHere isFiltered={search !== ''} />
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

function ListHead({ status, total, isPage }: { status: string; total: number | undefined; isPage: boolean }) {
  const heading = useHeading(isPage ? 'Inbox' : null);
  const Heading = isPage ? 'h1' : 'h2';
  const what = { pending: 'waiting', all: 'in all' }[status] ?? status;
  return (
    <div class="list-head">
      <Heading ref={isPage ? heading : null} tabIndex={-1}>
        Inbox
      </Heading>
      {total !== undefined && (
        <p>
          {total.toLocaleString()} {what}
        </p>
      )}
    </div>
  );
}

const NothingHere = ({ isFiltered }: { isFiltered: boolean }) =>
  isFiltered ? (
    <Empty title="Nothing fits these filters">
      <a href="/inbox">Show all that waits</a>
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
