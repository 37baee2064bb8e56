import { ListApprovalsQuery } from '@countersign/contracts/approvals';
import { after } from '@countersign/contracts/time';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requestFor, requirementWith } from '../../test/approval.fixtures.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';

const bob = somebody('bob');

describe('a search by text', () => {
  let open: OpenedApprovals;
  beforeEach(async () => {
    open = await openApprovals();
    await asked('one', { service_name: 'auth-service', version: '2.1.0' }, { reason: 'The login page is broken.' });
    await asked('two', { service_name: 'billing', version: '2.1.0' }, {});
    await asked('three', { service_name: 'billing', version: '3.0.0' }, {}, ['version']);
  });
  afterEach(() => open.close());

  async function asked(name: string, tool_args: Record<string, unknown>, context: object, redact: string[] = []) {
    const requirement = requirementWith({ tool_args, redact });
    const about = { run_id: `run-${name}`, approval_id: name, tool_args, requirement };
    await open.events.required(requestFor({ ...about, context: context as Record<string, unknown> }));
  }
  async function found(text: string, more: object = {}): Promise<string[]> {
    const query = { limit: 10, page: 1, sort_by: 'created_at', sort_order: 'asc', text, ...more } as const;
    const { data } = await open.http.list(query, bob);
    return data.map(({ id }) => id).toSorted();
  }

  it.each([
    ['billing', ['three', 'two']],
    ['BILLING 2.1.0', ['two']],
    ['deploy_to 2.1', ['one', 'two']],
    ['login broken', ['one']],
    ['run-three', ['three']],
    ['nothing of the kind', []],
  ])('finds what has all the words, in any case: %s', async (text, ids) => {
    expect(await found(text)).toEqual(ids);
  });

  it('reads on from where it was, whatever it is sorted by, and misses none of one second', async () => {
    for (let n = 0; n < 1_100; n += 1) {
      if (n % 300 === 0) open.clock.time = after(open.clock.time, 1_000);
      await asked(`many-${n}`, { service_name: 'search', version: `${n}` }, {});
    }
    const find = vi.spyOn(open.store, 'find');
    for (const sort_by of ['created_at', 'updated_at', 'expires_at'] as const)
      for (const sort_order of ['asc', 'desc'] as const) {
        expect(await found('many', { sort_by, sort_order, limit: 1_000 })).toHaveLength(1_000);
        expect(await found('many', { sort_by, sort_order, limit: 1_000, page: 2 })).toHaveLength(100);
      }
    expect(find.mock.calls.every(([{ limit }]) => limit <= 500)).toBe(true);
  });

  it('does not find an argument that is hidden', async () => {
    expect(await found('3.0.0')).toEqual([]);
  });

  it('finds what somebody said about it', async () => {
    await open.http.comment('two', { text: 'Waits for the change board.' }, bob);
    expect(await found('change board')).toEqual(['two']);
  });

  it('narrows other filters, and has pages', async () => {
    await open.http.resolve('two', { status: 'rejected' }, bob);
    expect(await found('billing', { status: 'pending' })).toEqual(['three']);
    const query = { limit: 1, page: 2, sort_by: 'created_at', sort_order: 'asc', text: 'billing' } as const;
    expect((await open.http.list(query, bob)).meta).toEqual({
      page: 2,
      limit: 1,
      total_pages: 2,
      total_count: 2,
      next_cursor: null,
    });
  });

  it('is refused together with a cursor', () => {
    expect(ListApprovalsQuery.safeParse({ cursor: '1.1' }).success).toBe(true);
    expect(ListApprovalsQuery.safeParse({ text: 'billing', cursor: '1.1' }).error?.issues).toMatchObject([
      { path: ['cursor'], message: expect.stringContaining('leave the cursor out') },
    ]);
  });
});
