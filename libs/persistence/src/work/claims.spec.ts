import { expect, it, vi } from 'vitest';
import { Claims, type Claim } from './claims.js';
import type { Permit } from './work-pool.js';

interface Leased {
  lease: { worker: string } | null;
  queue_owner: string;
}

const permitOf = () => ({ start: vi.fn<Permit['start']>(), release: vi.fn<Permit['release']>() });
const granted = async ({ worker }: Claim) => ({
  kind: 'changed' as const,
  state: { lease: { worker }, queue_owner: 'ada' } as Leased,
});
const work = vi.fn<(claimed: Leased, worker: string, stopping: AbortSignal) => Promise<void>>();

it('a claim that is granted is worked on under its name, for its owner', async () => {
  const claims = new Claims(30_000);
  const permit = permitOf();
  const execute = vi.fn(granted);
  const { state } = await claims.claim(permit, execute, work);
  expect(execute).toHaveBeenCalledExactlyOnceWith({ type: 'claimed', worker: state!.lease!.worker, lease_ms: 30_000 });
  const [start, owner] = permit.start.mock.calls[0]!;
  expect(owner).toBe('ada');
  const stopping = new AbortController().signal;
  await start(stopping);
  expect(work).toHaveBeenCalledExactlyOnceWith(state, state!.lease!.worker, stopping);
  expect(permit.release).not.toHaveBeenCalled();
});

it('each claim is a worker of its own, also of two instances', async () => {
  const [one, other] = [new Claims(1), new Claims(1)];
  const workers = [one, one, other].map(async (claims) => {
    const { state } = await claims.claim(permitOf(), granted, work);
    return state!.lease!.worker;
  });
  expect(new Set(await Promise.all(workers)).size).toBe(3);
});

it.each([
  ['is refused', async () => ({ kind: 'ignored' as const, reason: 'it is over', state: undefined })],
  [
    'changes the record without the lease',
    async () => ({ kind: 'changed' as const, state: { lease: null, queue_owner: 'ada' } }),
  ],
  [
    'comes after that of another',
    async () => ({ kind: 'changed' as const, state: { lease: { worker: 'another' }, queue_owner: 'ada' } }),
  ],
])('a claim that %s releases its permit', async (_, execute) => {
  const permit = permitOf();
  await new Claims(1).claim<Leased, string>(permit, execute, work);
  expect(permit.release).toHaveBeenCalledOnce();
  expect(permit.start).not.toHaveBeenCalled();
});

it('a claim that cannot be made releases its permit, and says why', async () => {
  const permit = permitOf();
  const away = new Claims(1).claim<Leased, string>(permit, () => Promise.reject(new Error('the store is away')), work);
  await expect(away).rejects.toThrow('the store is away');
  expect(permit.release).toHaveBeenCalledOnce();
});
