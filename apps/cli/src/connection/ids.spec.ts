import { ApiError, type CountersignClient } from '@countersign/client';
import { expect, it } from 'vitest';
import { approvalId, prefixLength, runId, shortIds } from './ids.js';

const ids = ['7d1f0000-1', '7d1f0000-2', '9abc0000-1'];
const missing = Object.assign(Object.create(ApiError.prototype) as ApiError, { status: 404, message: 'missing' });
const client = {
  approvals: {
    get: async (id: string) => {
      if (ids.includes(id)) return { id };
      throw missing;
    },
    // A search looks into arguments as well.
    list: async ({ text, limit }: { text: string; limit: number }) => {
      const found = [...ids, 'other-9abc'].filter((id) => id.includes(text)).map((id) => ({ id }));
      return { data: found.slice(0, limit), meta: { total_count: found.length } };
    },
  },
} as unknown as CountersignClient;

it('an id may be shortened to a beginning that is the only one, and to nothing else', async () => {
  expect(await approvalId(client, '9abc')).toBe('9abc0000-1');
  expect(await approvalId(client, '7d1f0000-1')).toBe('7d1f0000-1');
  await expect(approvalId(client, '7d1f')).rejects.toThrow('"7d1f" begins 2 ids: 7d1f0000-1, 7d1f0000-2.');
  await expect(approvalId(client, '9ab')).rejects.toBe(missing);
  await expect(approvalId(client, '0000-1')).rejects.toBe(missing);
});

it('an id is not found by its prefix among more than are looked at, which whoever makes calls can bring about', async () => {
  const crowd = Array.from({ length: 1_000 }, (_, n) => (n === 0 ? '9abcffff-1' : `other-9abc-${n}`));
  const list = async ({ limit = 100 }) => ({
    data: [...crowd, '9abc0000-1'].slice(0, limit).map((id) => ({ id })),
    meta: { total_count: crowd.length + 1 },
  });
  const crowded = { approvals: { ...client.approvals, list } } as unknown as CountersignClient;
  await expect(approvalId(crowded, '9abc')).rejects.toThrow('1001 approvals have "9abc" in them: give the whole id.');
});

it('a run is named by a beginning only where all runs were looked at', async () => {
  const runs = (total_count: number) =>
    ({
      runs: {
        get: async () => Promise.reject(missing),
        list: async () => ({ data: ids.map((run_id) => ({ run_id })), meta: { total_count } }),
      },
    }) as unknown as CountersignClient;
  expect(await runId(runs(3), '9abc')).toBe('9abc0000-1');
  await expect(runId(runs(3), '7d1f')).rejects.toThrow('begins 2 ids');
  await expect(runId(runs(1_001), '9abc')).rejects.toThrow('There are 1001 runs: give the whole id.');
  expect(shortIds({ width: 80 }, ids, 3)('9abc0000-1')).toBe('9abc0000-1');
  expect(shortIds({ width: 80 }, ['9abc0000-1'], 1)('9abc0000-1')).toBe('9abc0000');
  expect(
    [shortIds({ width: 80 }, ids, 1_001), shortIds({ width: undefined }, ids, 3)].map((short) => short('9abc0000-1')),
  ).toEqual(['9abc0000-1', '9abc0000-1']);
});

it('a list shows as much of its ids as tells them apart', () => {
  expect(prefixLength(ids)).toBe(10);
  expect(prefixLength(['aaaaaaaaaaaa'])).toBe(8);
  expect(prefixLength([])).toBe(8);
});
