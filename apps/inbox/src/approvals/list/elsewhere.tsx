import { addressOf } from '../../routes.js';
import { client } from '../../server/client.js';
import { useResource } from '../../server/resource.js';
import { asParameters, queryOf, type Filters } from './filters.js';

interface Found {
  /** How many the list shows; undefined while it is not all there. */
  shown: number | undefined;
  /** How many wait for anybody, and how many there are with any status. */
  pending: number;
  all: number;
}

interface Place {
  text: string;
  query: string;
}

/** Where else than in what is listed a search finds something. */
export function placesOf(filters: Filters, { shown, pending, all }: Found): Place[] {
  const { view, status } = filters;
  const turn = view === 'mine' ? 'others' : 'mine';
  const rest = (view === 'mine' || view === 'others') && shown !== undefined ? pending - shown : 0;
  const over = status === 'pending' ? all - pending : 0;
  const whole = view === 'decided' && shown !== undefined ? all - shown : 0;
  const anything = queryOf({ ...filters, view: 'all', status: 'all' });
  return [
    { n: rest, text: turn === 'mine' ? 'waiting for you' : 'waiting for others', query: { ...filters, view: turn } },
    { n: over, text: 'decided or over' },
    { n: whole, text: 'that you did not decide' },
  ].flatMap(({ n, text, query }) =>
    n > 0 ? [{ text: `${n.toLocaleString()} ${text}`, query: query ? queryOf(query as Filters) : anything }] : [],
  );
}

/** The same, as links. */
export function Elsewhere({ filters, shown }: { filters: Filters; shown: number | undefined }) {
  const countOf = async (status: string, signal?: AbortSignal) =>
    (await client.approvals.list({ ...asParameters({ ...filters, status }), limit: 1 }, signal)).meta.total_count;
  const { data } = useResource(
    filters.text === ''
      ? null
      : async (signal) => ({ pending: await countOf('pending', signal), all: await countOf('all', signal) }),
    [queryOf(filters)],
  );
  const places = data && filters.text !== '' ? placesOf(filters, { ...data, shown }) : [];
  if (places.length === 0) return null;
  return (
    <p class="elsewhere" role="status">
      Also found:{' '}
      {places.map(({ text, query }, n) => (
        <span key={text}>
          {n > 0 && ' · '}
          <a href={addressOf('inbox') + query}>{text}</a>
        </span>
      ))}
    </p>
  );
}
