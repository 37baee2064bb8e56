import { RetryableError } from '@countersign/contracts/problems';
import { atSeconds } from '@countersign/contracts/time';
import { describe, expect, it, vi } from 'vitest';
import type { Query } from '../store.js';
import { Belongings } from './belongings.js';

const record = (id: string, run_id: string) => ({
  id,
  run_id,
  version: 1,
  created_at: atSeconds(1),
  updated_at: atSeconds(1),
  due_at: null,
  traceparent: null,
  tracestate: null,
});
type Sample = ReturnType<typeof record>;
const records = [record('a', 'r1'), record('b', 'r1'), record('c', 'r2'), record('d', 'r3')];

function of(limit: number) {
  const find = vi.fn(async ({ filter, limit: most }: Query<Sample>) => {
    const condition = filter.run_id as string | { in: readonly string[] };
    const values = typeof condition === 'string' ? [condition] : condition.in;
    return records.filter(({ run_id }) => values.includes(run_id)).slice(0, most);
  });
  const belongings = new Belongings<Sample>({ find }, 'run_id', limit);
  const idsOf = async (run: string) => (await belongings.of(run)).map(({ id }) => id);
  return { find, idsOf };
}

describe('records that belong to several', () => {
  it('are found by one query for what is asked in a turn, each for whoever asked', async () => {
    const { find, idsOf } = of(100);
    const found = await Promise.all(['r1', 'r2', 'none', 'r1'].map(idsOf));
    expect(found).toEqual([['a', 'b'], ['c'], [], ['a', 'b']]);
    expect(find.mock.calls).toEqual([[{ filter: { run_id: { in: ['r1', 'r2', 'none'] } }, sort: [], limit: 100 }]]);
  });

  it('are found for one alone by its value', async () => {
    const { find, idsOf } = of(100);
    expect(await idsOf('r2')).toEqual(['c']);
    expect(find.mock.calls).toEqual([[{ filter: { run_id: 'r2' }, sort: [], limit: 100 }]]);
  });

  it('are found for each by itself where together they may be more than the limit', async () => {
    const { find, idsOf } = of(2);
    expect(await Promise.all(['r1', 'r2', 'r3'].map(idsOf))).toEqual([['a', 'b'], ['c'], ['d']]);
    expect(find).toHaveBeenCalledTimes(4);
  });

  it('are not found by anybody when the query fails', async () => {
    const { find, idsOf } = of(2);
    find.mockRejectedValue(new RetryableError('away'));
    const results = await Promise.allSettled(['r1', 'r2'].map(idsOf));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
