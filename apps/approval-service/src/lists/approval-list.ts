import type { Approval, ApprovalPage, ListApprovalsQuery } from '@countersign/contracts/approvals';
import type { Filter, Query, Store } from '@countersign/persistence';
import { pageAfter, pageOf } from '@countersign/service';
import type { z } from 'zod';
import { search } from './search.js';

type ListQuery = z.infer<typeof ListApprovalsQuery>;
type Page = z.infer<typeof ApprovalPage>;

/**
 * A page of approvals: by number, from a cursor on, or of those that have the words of a text.
 *
 * @param own what whoever asks is confined to.
 */
export async function listApprovals(store: Store<Approval>, query: ListQuery, own: Filter<Approval>): Promise<Page> {
  const { limit, page, sort_by, sort_order, cursor, text, created_after, created_before, expires_before, ...rest } =
    query;
  const { run_ids, ...wanted } = rest;
  const [last, seen] = cursor ?? [];
  const until = last === undefined ? created_before : Math.min(last, created_before ?? last);
  const expires_at = expires_before === undefined ? undefined : { lte: expires_before };
  const ofRuns = run_ids && { run_id: { in: run_ids } };
  const filter = { ...wanted, ...ofRuns, ...createdWithin(created_after, until), expires_at, ...own, deleted_at: null };
  const sort: Query<Approval>['sort'] = [[sort_by, sort_order]];
  if (text !== undefined) return matching(store, { filter, sort, limit }, page, text);
  const { data, meta } =
    seen === undefined
      ? await pageOf(store, { filter, sort, limit, page })
      : await pageAfter(store, { filter, sort: newestFirst, limit, skip: seen });
  return { data, meta: { ...meta, next_cursor: cursorAfter(data, limit, last, seen) } };
}

const newestFirst: Query<Approval>['sort'] = [['created_at', 'desc']];

const createdWithin = (gte?: number, lte?: number): Filter<Approval> =>
  gte === undefined && lte === undefined
    ? {}
    : { created_at: { ...(gte !== undefined && { gte }), ...(lte !== undefined && { lte }) } };

async function matching(store: Store<Approval>, query: Query<Approval>, page: number, text: string): Promise<Page> {
  const { limit } = query;
  const found = await search(store, query, text);
  const total_count = found.length;
  return {
    data: found.slice((page - 1) * limit, page * limit),
    meta: { page, limit, total_pages: Math.ceil(total_count / limit), total_count, next_cursor: null },
  };
}

/** Where the next page begins: at the last second of this one, behind those of that second that were seen. */
function cursorAfter(data: readonly Approval[], limit: number, last?: number, seen = 0): string | null {
  const at = data.at(-1)?.created_at;
  if (data.length < limit || at === undefined) return null;
  const ofThatSecond = data.filter(({ created_at }) => created_at === at).length;
  return `${at}.${ofThatSecond + (at === last ? seen : 0)}`;
}
