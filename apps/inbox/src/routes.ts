import { server } from './server/server.js';

/** What an address shows. */
export type Page =
  | 'inbox'
  | 'overview'
  | 'runs'
  | 'executions'
  | 'grants'
  | 'deputies'
  | 'rules'
  | 'events'
  | 'dead-letters'
  | 'deliveries'
  | 'unknown';

export interface Route {
  page: Page;
  /** Of the one record that is shown, if it is one. */
  id: string | null;
}

const pages = new Set([
  'overview',
  'runs',
  'executions',
  'grants',
  'deputies',
  'rules',
  'events',
  'dead-letters',
  'deliveries',
]);

/** Reads an address, which has neither query nor fragment. */
export function routeOf(address: string): Route {
  if (!address.startsWith(`${server}/`)) return { page: 'unknown', id: null };
  const path = address.slice(server.length);
  const [, base = '', page = '', id = null, ...more] = path.replace(/\/+$/, '').split('/');
  const isOurs = (base === '' || base === 'inbox') && more.length === 0;
  if (isOurs && page === '' && id === null) return { page: 'inbox', id: null };
  if (isOurs && page === 'approvals') return { page: 'inbox', id: decoded(id) };
  return isOurs && pages.has(page) ? { page: page as Page, id: decoded(id) } : { page: 'unknown', id: null };
}

function decoded(id: string | null): string | null {
  try {
    return id === null ? null : decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** The address of a page, or of one record of it. */
export function addressOf(page: Exclude<Page, 'unknown'>, id?: string | null): string {
  const record = id ? `/${encodeURIComponent(id)}` : '';
  if (page === 'inbox') return id ? `${server}/inbox/approvals${record}` : `${server}/inbox`;
  return `${server}/inbox/${page}${record}`;
}
