import { ApiError, type CountersignClient } from '@countersign/client';
import { expect, it } from 'vitest';
import { approvalId, prefixLength } from './ids.js';

const ids = ['7d1f0000-1', '7d1f0000-2', '9abc0000-1'];
const missing = Object.assign(Object.create(ApiError.prototype) as ApiError, { status: 404, message: 'missing' });
const client = {
  approvals: {
    get: async (id: string) => {
      if (ids.includes(id)) return { id };
      throw missing;
    },
    // A search looks into arguments as well.
    list: async ({ text }: { text: string }) => ({
      data: [...ids, 'other-9abc'].filter((id) => id.includes(text)).map((id) => ({ id })),
    }),
  },
} as unknown as CountersignClient;

it('an id may be shortened to a beginning that is the only one, and to nothing else', async () => {
  expect(await approvalId(client, '9abc')).toBe('9abc0000-1');
  expect(await approvalId(client, '7d1f0000-1')).toBe('7d1f0000-1');
  await expect(approvalId(client, '7d1f')).rejects.toThrow('"7d1f" begins 2 ids: 7d1f0000-1, 7d1f0000-2.');
  await expect(approvalId(client, '9ab')).rejects.toBe(missing);
  await expect(approvalId(client, '0000-1')).rejects.toBe(missing);
});

it('a list shows as much of its ids as tells them apart', () => {
  expect(prefixLength(ids)).toBe(10);
  expect(prefixLength(['aaaaaaaaaaaa'])).toBe(8);
  expect(prefixLength([])).toBe(8);
});
