import { principalOf } from '@countersign/auth';
import type { Event } from '@countersign/contracts';
import { policySetOf, policyVersion } from '@countersign/definitions/policy';
import { readDeclaration, textDigest } from '@countersign/definitions/versions';
import { CommandHandler } from '@countersign/persistence';
import { Configuration, configVersionCollection, configVersionsIn } from '@countersign/service/configuration';
import { openTemporaryDatabase } from '@countersign/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { now } from '../../test/approval.fixtures.js';
import { Activation, ConfigConflict, FileChanged } from './activation.js';
import { decideConfigVersion } from './config-version.js';

const textOf = (...people: string[]) => `groups:\n  ops: [${people.join(', ')}]\n`;
const [first, second] = [textOf('ada'), textOf('ada', 'bob')];
const ada = principalOf({ subject: 'ada', roles: ['admin'], groups: [] }, 'key', { id: 'key-1' });
const log = { info() {}, warn() {}, error() {} };

describe('putting a file in force', () => {
  let dir: string;
  let database: ReturnType<typeof openTemporaryDatabase>;
  let published: Event[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-activation-'));
    database = openTemporaryDatabase();
    published = [];
  });
  afterEach(() => {
    database.close();
    rmSync(dir, { recursive: true });
  });

  /** An approval service on a machine of its own. */
  function instance(name: string, text: string, alone = false, wait = async (): Promise<unknown> => undefined) {
    const path = join(dir, name);
    const put = (content: string) => writeFileSync(path, content);
    put(text);
    const store = configVersionsIn(database.database);
    const configuration = new Configuration({ store, path, alone, log, wait });
    let people: unknown;
    const declaration = readDeclaration(path);
    configuration.follow({
      declaration,
      prepare: async (next) => () => (people = next.definitions.groups['ops']),
    });
    const versions = new CommandHandler({
      collection: configVersionCollection,
      store,
      decide: decideConfigVersion,
      source: '/countersign/approval-service',
      publish: (events) => void published.push(...events),
      now: () => now,
    });
    const pendingUnder = async () => ({ stricter: 1, rejected: 0, looked_at: 2 });
    const activation = new Activation({ versions, configuration, pendingUnder, log });
    return { activation, configuration, put, store, people: () => people };
  }

  it('is published as who did it, what it is and what it changed, and its text is kept', async () => {
    const { activation, put, store, people } = instance('a', first);
    await activation.atStart();
    put(second);
    expect(await activation.activate({ trigger: 'request', who: ada })).toMatchObject({
      outcome: 'activated',
      number: 2,
      changes: [{ path: 'groups.ops', kind: 'changed' }],
      pending: { stricter: 1 },
    });
    expect(people()).toEqual(['ada', 'bob']);
    expect(published.map(({ type, key, data }) => ({ type, key, data }))).toMatchObject([
      { type: 'config.activated', key: 'config', data: { number: 1, previous: null, trigger: 'start', changes: [] } },
      { data: { number: 2, digest: textDigest(second), previous: textDigest(first), trigger: 'request' } },
    ]);
    expect(published[1]).toMatchObject({ authtype: 'api_key', authid: 'ada' });
    const { definitions } = readDeclaration(join(dir, 'a'));
    expect(await store.get('2')).toMatchObject({
      text: second,
      by: 'ada',
      rules_version: policyVersion(policySetOf(definitions)),
    });
  });

  it('counts for nobody before the looks of other processes have ended that did not find it', async () => {
    let ended = Promise.resolve();
    const { activation, put, store, people } = instance('a', first, false, () => ended);
    await activation.atStart();
    const later = Promise.withResolvers<void>();
    ended = later.promise;
    put(second);
    const activated = activation.activate({ trigger: 'request', who: ada });
    await vi.waitFor(async () => expect(await store.get('2')).toBeDefined());
    expect(people()).toBeUndefined();
    later.resolve();
    await activated;
    expect(people()).toEqual(['ada', 'bob']);
  });

  it('is refused with its lines as a whole, and the old one stays in force', async () => {
    const { activation, configuration, put, people } = instance('a', first);
    await activation.atStart();
    for (const [wrong, line] of [
      ['groups:\n  ops: ada\n', /a:2:3 groups\.ops/],
      [`${second}tool_modules: [./tools.ts]\n`, /a:3:1 tool_modules.*restart/],
    ] as const) {
      put(wrong);
      await expect(activation.activate({ trigger: 'signal' })).rejects.toThrow(line);
      await expect(activation.dryRun()).rejects.toThrow(line);
    }
    await configuration.fresh();
    expect([(await configuration.latest())?.number, people(), published.length]).toEqual([1, undefined, 1]);
  });

  it('changes nothing in a dry run, nor with the file that is in force', async () => {
    const { activation, put, people } = instance('a', first);
    await activation.atStart();
    expect(await activation.activate({ trigger: 'request', who: ada })).toMatchObject({
      outcome: 'unchanged',
      number: 1,
    });
    put(second);
    expect(await activation.dryRun()).toMatchObject({ outcome: 'would_activate', number: 1, changes_total: 1 });
    expect([people(), published.length]).toEqual([undefined, 1]);
  });

  it('is refused where it is not the file that was looked at, such as one that is half-written', async () => {
    const { activation, put, people } = instance('a', first);
    await activation.atStart();
    put(second);
    const { digest } = await activation.dryRun();
    // All that would ask for more than one person may be behind the point that it is written to.
    put(second.slice(0, second.indexOf('\n') + 1));
    await expect(activation.activate({ trigger: 'request', who: ada }, digest)).rejects.toThrow();
    put(textOf('mallory'));
    await expect(activation.activate({ trigger: 'request', who: ada }, digest)).rejects.toBeInstanceOf(FileChanged);
    await expect(activation.dryRun(digest)).rejects.toBeInstanceOf(FileChanged);
    expect([people(), published.length]).toEqual([undefined, 1]);
    put(second);
    expect(await activation.activate({ trigger: 'request', who: ada }, digest)).toMatchObject({ outcome: 'activated' });
  });

  it('is done by one of several who do so at once, and the others are refused', async () => {
    const [a, b] = [instance('a', first), instance('b', first)];
    await a.activation.atStart();
    await b.activation.atStart();
    a.put(second);
    b.put(textOf('mallory'));
    const outcomes = await Promise.allSettled(
      [a, b].map(({ activation }) => activation.activate({ trigger: 'request', who: ada })),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find((each) => each.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(ConfigConflict);
    expect(published.filter(({ data }) => 'number' in data && data.number === 2)).toHaveLength(1);
  });

  it('is done by a start with a new file, but not by one with an old copy, which then does nothing', async () => {
    const a = instance('a', first);
    await a.activation.atStart();
    const b = instance('b', second);
    await b.activation.atStart();
    expect(await b.configuration.latest()).toMatchObject({ number: 2, digest: b.configuration.digest });
    const old = instance('old', first);
    await old.activation.atStart();
    expect(published).toHaveLength(2);
    await expect(old.configuration.fresh()).rejects.toThrow('version 2');
    // Whoever wants it back says so.
    expect(await old.activation.activate({ trigger: 'signal' })).toMatchObject({ number: 3 });
    await old.configuration.fresh();
  });

  it('is done by a start with any file where nobody else works on the store', async () => {
    for (const text of [first, second, first]) await instance('a', text, true).activation.atStart();
    expect(published.map(({ data }) => 'number' in data && data.number)).toEqual([1, 2, 3]);
  });
});
