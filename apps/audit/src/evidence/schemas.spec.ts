import { systemClock } from '@countersign/contracts/time';
import { expect, it } from 'vitest';
import { openRecord } from '../../test/record.fixtures.js';
import { schemaCollection, Schemas } from './schemas.js';

const type = 'run.started';

it('keeps a schema once, however many events of its type come at the same time', async () => {
  const { store } = openRecord().database.collection(schemaCollection);
  let commits = 0;
  const counted: typeof store = Object.assign(Object.create(store) as typeof store, {
    commit: (commit: Parameters<typeof store.commit>[0]) => ((commits += 1), store.commit(commit)),
  });
  const schemas = new Schemas(counted, systemClock);
  const versions = await Promise.all(Array.from({ length: 64 }, () => schemas.versionOf(type)));
  expect(new Set(versions).size).toBe(1);
  expect(commits).toBe(1);
});

it('tries again after the store was out of reach', async () => {
  const { store } = openRecord().database.collection(schemaCollection);
  let isAway = true;
  const failing: typeof store = Object.assign(Object.create(store) as typeof store, {
    commit: (commit: Parameters<typeof store.commit>[0]) =>
      isAway ? Promise.reject(new Error('away')) : store.commit(commit),
  });
  const schemas = new Schemas(failing, systemClock);
  await expect(schemas.versionOf(type)).rejects.toThrow('away');
  isAway = false;
  await expect(schemas.versionOf(type)).resolves.toMatch(/^[0-9a-f]{32}$/);
});
