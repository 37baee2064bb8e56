import { ApiKeys, apiKeys } from '@countersign/auth';
import type { Event } from '@countersign/contracts';
import { after, systemClock } from '@countersign/contracts/time';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyEvents } from './key-events.js';

const ada = { authtype: 'user', authid: 'ada', authclaims: '{"via":"session"}' } as const;
const wanted = { name: 'release platform', subject: 'release-platform', roles: ['requester' as const] };

describe('who makes and revokes keys', () => {
  let given: ReturnType<typeof openTemporaryDatabase>;
  let told: Event[];
  let keys: ApiKeys;
  let news: KeyEvents;
  beforeEach(() => {
    given = openTemporaryDatabase();
    told = [];
    keys = new ApiKeys({ database: given.database, now: systemClock });
    news = new KeyEvents({ push: (events) => void told.push(...events) }, systemClock);
  });
  afterEach(() => given.close());

  it('is published with it, and nothing by which the key could be used', async () => {
    const { key, record } = await keys.create(wanted, news.created(ada));
    await keys.revoke(record.id, news.revoked(ada));
    await keys.revoke(record.id, news.revoked(ada));
    const of = (version: number) => told.find(({ id }) => id === `api_keys/${record.id}/${version}/0`);
    const data = { key_id: record.id, subject: 'release-platform' };
    expect(of(1)).toMatchObject({ type: 'access.key_created', ...ada, data: { ...data, roles: ['requester'] } });
    expect(of(2)).toMatchObject({ type: 'access.key_revoked', ...ada, data });
    expect(of(3)).toBeUndefined();
    expect(JSON.stringify(told)).not.toContain(key.slice(`cs_${record.id}_`.length));
    expect(JSON.stringify(told)).not.toContain('secret_hash');
  });

  it('is in the outbox until it is in the log, also when the process dies in between', async () => {
    const dies = { ...news.created(ada), publish: () => {} };
    const { record } = await keys.create(wanted, dies);
    const { outbox } = given.database.collection(apiKeys);
    const left = await outbox.unpublished({ before: after(systemClock(), 1_000), limit: 10 });
    expect(left).toMatchObject([{ id: `api_keys/${record.id}/1/0`, type: 'access.key_created' }]);
  });

  it('that cannot be published does not happen', async () => {
    const cannot = {
      events: () => {
        throw new Error('cannot be told');
      },
      publish: () => {},
    };
    await expect(keys.create(wanted, cannot)).rejects.toThrow('cannot be told');
    expect(await keys.list()).toEqual([]);
  });
});
