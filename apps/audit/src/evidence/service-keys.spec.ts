import { RetryableError } from '@countersign/contracts/problems';
import { systemClock } from '@countersign/contracts/time';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { event, openRecord } from '../../test/record.fixtures.js';
import { keyCollection, ServiceKeys } from './service-keys.js';

const signatureBy = (kid: string) =>
  `${Buffer.from(JSON.stringify({ alg: 'EdDSA', kid })).toString('base64url')}.payload.signature`;
const signed = (n: number, kid: string, type = 'approval.resolved') =>
  event(n, { type, key: 'run-1', data: { run_id: 'run-1', n, signature: signatureBy(kid) } });

describe('the keys of the services', () => {
  let record: ReturnType<typeof openRecord>;
  let keys: ServiceKeys;
  /** By their names, those that are trusted. */
  let trusted: Record<string, string>;
  const publicPart = vi.fn<(kid: string) => Promise<string | undefined>>();
  beforeEach(async () => {
    record = openRecord();
    trusted = { one: 'x1' };
    publicPart.mockReset().mockImplementation(async (kid) => trusted[kid]);
    keys = await opened();
  });

  async function opened() {
    const decisions = () => ({ publicPart });
    const none = () => ({ publicPart: async () => undefined });
    const { store } = record.database.collection(keyCollection);
    const made = new ServiceKeys({
      store,
      verifiers: { decisions, requests: none, results: none },
      length: () => record.log.length(),
      log: { warn: () => {} },
      now: systemClock,
    });
    await made.open();
    return made;
  }
  async function recorded(n: number, kid: string): Promise<void> {
    await keys.look(signed(n, kid));
    await record.recorder().record(signed(n, kid));
  }
  const decisions = async () =>
    (await keys.of((await record.all()).map(({ type, leaf }) => ({ type, leaf: leaf! })))).decisions;
  const isSeen = () =>
    vi.waitFor(async () => expect(await record.database.collection(keyCollection).store.count({})).toBe(1));

  it('stay in evidence after others have replaced them, up to the place from which they are not trusted', async () => {
    await recorded(0, 'one');
    await isSeen();
    trusted = { one: 'x1', two: 'x2' };
    await recorded(1, 'one');
    await recorded(2, 'two');
    trusted = { two: 'x2' };
    expect(await decisions()).toEqual([
      { kid: 'one', x: 'x1' },
      { kid: 'two', x: 'x2' },
    ]);
    await recorded(3, 'two');
    await recorded(4, 'one');
    await recorded(5, 'one');
    expect(await decisions()).toEqual([
      { kid: 'one', x: 'x1', until: 4 },
      { kid: 'two', x: 'x2' },
    ]);
    keys = await opened();
    await recorded(6, 'one');
    expect(await decisions()).toEqual([
      { kid: 'one', x: 'x1', until: 4 },
      { kid: 'two', x: 'x2' },
    ]);
  });

  it('that another instance saw withdrawn is so here, from the same place on', async () => {
    await recorded(0, 'one');
    await isSeen();
    const here = (keys = await opened());
    await recorded(1, 'one');
    trusted = {};
    keys = await opened();
    await recorded(2, 'one');
    keys = here;
    await recorded(3, 'one');
    expect(await decisions()).toEqual([{ kid: 'one', x: 'x1', until: 2 }]);
  });

  it('of one name are distinguished', async () => {
    await recorded(0, 'one');
    await isSeen();
    trusted = { one: 'y1' };
    await recorded(1, 'one');
    expect(await decisions()).toEqual(
      expect.arrayContaining([
        { kid: 'one', x: 'x1', until: 1 },
        { kid: 'one', x: 'y1' },
      ]),
    );
  });

  it('that were never trusted are in no evidence, and are waited for by nothing', async () => {
    publicPart.mockImplementation(() => new Promise(() => {}));
    for (let n = 0; n < 200; n++) await recorded(n, `made-up-${n}`);
    expect(publicPart.mock.calls.length).toBeLessThanOrEqual(50);
    publicPart.mockImplementation(async () => undefined);
    expect(await decisions()).toEqual([]);
  });

  it('are waited for where one may have been withdrawn', async () => {
    await recorded(0, 'one');
    await isSeen();
    publicPart.mockRejectedValueOnce(new RetryableError('not to be had'));
    await expect(keys.look(signed(1, 'one'))).rejects.toThrow('not to be had');
  });

  it.each([null, 1, '', 'x', `${'e'.repeat(9)}.a.b`, signatureBy(''.padEnd(300, 'k'))])(
    'are named by no signature such as %j',
    async (signature) => {
      await keys.look(event(0, { type: 'approval.resolved', data: { signature } }));
      expect(publicPart).not.toHaveBeenCalled();
    },
  );
});
