import { ConfigError, RetryableError } from '@countersign/contracts/problems';
import { atMillis } from '@countersign/contracts/time';
import { readDeclaration, textDigest, type Declaration } from '@countersign/definitions/versions';
import { insert, newRecord, type Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Configuration, type ConfigurationOptions } from './configuration.js';
import { configVersionId, configVersionsIn, type StoredConfigVersion } from './config-versions.js';

const textOf = (...people: string[]) => `groups:\n  ops: [${people.join(', ')}]\n`;
const [first, second, third] = [textOf('ada'), textOf('ada', 'bob'), textOf('ada', 'bob', 'carl')];

describe('the configuration in force', () => {
  let dir: string;
  let database: ReturnType<typeof openTemporaryDatabase>;
  let store: Store<StoredConfigVersion>;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-configuration-'));
    database = openTemporaryDatabase();
    store = configVersionsIn(database.database);
  });
  afterEach(() => {
    database.close();
    rmSync(dir, { recursive: true });
  });

  /** A process on a machine of its own, whose file says this. */
  function machine(
    name: string,
    text: string,
    prepare: (next: Declaration) => Promise<void> = async () => {},
    looks: Partial<ConfigurationOptions> = { looksForMs: 0 },
  ) {
    const path = join(dir, name);
    const put = (content: string) => writeFileSync(path, content);
    put(text);
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const configuration = new Configuration({ store, path, alone: false, log, ...looks });
    const own = { people: [] as readonly string[] };
    const use = ({ definitions }: Declaration) => (own.people = definitions.groups['ops'] as string[]);
    const declaration = readDeclaration(path);
    use(declaration);
    configuration.follow({
      declaration,
      async prepare(next) {
        await prepare(next);
        return () => use(next);
      },
    });
    const decide = async () => {
      await configuration.fresh();
      return own.people;
    };
    return { configuration, put, own, decide, log };
  }

  const activate = (number: number, text: string) =>
    insert(store, {
      id: configVersionId(number),
      event_key: 'config',
      number,
      digest: textDigest(text),
      rules_version: 'r',
      previous: null,
      trigger: 'request',
      changes: [],
      changes_total: 0,
      by: 'ada',
      text,
      ...newRecord(atMillis(1_788_255_000_900)),
    });

  it('is the file for as long as none was activated', async () => {
    const { decide, configuration } = machine('a', first);
    expect(await decide()).toEqual(['ada']);
    expect(await configuration.latest()).toBeUndefined();
    await configuration.check();
  });

  it('counts for each decision that begins after the activation, on every machine', async () => {
    const [a, b] = [machine('a', first), machine('b', first)];
    await activate(1, first);
    for (const { decide } of [a, b]) expect(await decide()).toEqual(['ada']);
    for (const { put } of [a, b]) put(second);
    // A file that is edited is not in force yet.
    for (const { decide } of [a, b]) expect(await decide()).toEqual(['ada']);
    await activate(2, second);
    for (const { decide, configuration } of [a, b]) {
      expect(await decide()).toEqual(['ada', 'bob']);
      expect(await configuration.latest()).toMatchObject({ number: 2, digest: configuration.digest });
    }
  });

  it('is skipped to the newest where several were activated meanwhile', async () => {
    const { decide, put, configuration } = machine('a', first);
    await activate(1, first);
    await decide();
    put(third);
    await activate(2, second);
    await activate(3, third);
    const [one, other] = await Promise.all([decide(), decide()]);
    expect([one, other]).toEqual([other, ['ada', 'bob', 'carl']]);
    expect(await configuration.latest()).toMatchObject({ number: 3, digest: configuration.digest });
  });

  it('lets a machine that does not have its file decide nothing, until it has', async () => {
    const { decide, put, own, configuration, log } = machine('a', first);
    await activate(1, first);
    await decide();
    await activate(2, second);
    await expect(decide()).rejects.toThrow(RetryableError);
    await expect(configuration.check()).rejects.toThrow(/version 2 .*is in force, and .* is another/);
    // Half of the file is another file.
    put(second.slice(0, -8));
    await configuration.look();
    await expect(decide()).rejects.toThrow('version 2');
    expect(own.people).toEqual(['ada']);
    expect(log.error.mock.calls.map(([{ code }]) => code)).toContain('config_not_applied');
    put(second);
    await configuration.look();
    expect(await decide()).toEqual(['ada', 'bob']);
    await configuration.check();
  });

  it('is the file of the machine and never the text in the store, which others may write', async () => {
    const { decide, own } = machine('a', first);
    await activate(1, first);
    await activate(2, textOf('mallory'));
    await expect(decide()).rejects.toThrow(RetryableError);
    expect(own.people).toEqual(['ada']);
  });

  it('is found by whoever starts later, with the file or without', async () => {
    await activate(1, first);
    await activate(2, second);
    expect(await machine('new', second).decide()).toEqual(['ada', 'bob']);
    await expect(machine('old', first).decide()).rejects.toThrow(RetryableError);
  });

  it('is taken over whole or not at all, and not by a process that would need a restart', async () => {
    const failing = machine('a', first, async () => {
      throw new ConfigError('TOKEN is not set');
    });
    await activate(1, first);
    failing.put(second);
    await activate(2, second);
    await expect(failing.decide()).rejects.toThrow('cannot work by it: TOKEN is not set');
    expect(failing.own.people).toEqual(['ada']);

    const running = machine('b', second);
    const other = `${second}tool_modules: [./tools.ts]\n`;
    running.put(other);
    await activate(3, other);
    await expect(running.decide()).rejects.toThrow(/b:3:1 tool_modules.*restart/);
  });

  it('is decided by in no process in which taking it over failed in a way that nobody foresaw', async () => {
    const reasons: Error[] = [new TypeError('x is undefined'), new RetryableError('out of reach')];
    const { decide, put, own } = machine('a', first, async () => {
      const reason = reasons.shift();
      if (reason) throw reason;
    });
    await activate(1, first);
    await decide();
    put(second);
    await activate(2, second);
    await expect(decide()).rejects.toThrow('x is undefined');
    await expect(decide()).rejects.toThrow('out of reach');
    expect(own.people).toEqual(['ada']);
    expect(await decide()).toEqual(['ada', 'bob']);
  });

  it('is read once for all decisions of a tenth of a second, and then again', async () => {
    let at = 0;
    const { decide } = machine('a', first, undefined, { looksForMs: 100, elapsed: () => at });
    await activate(1, first);
    await decide();
    const reads = vi.spyOn(store, 'get');
    for (at of [0, 50, 99]) await decide();
    expect(reads).not.toHaveBeenCalled();
    at = 100;
    await decide();
    expect(reads).toHaveBeenCalledOnce();
  });

  it('is not two versions for two processes at a time: who finds a later one lets the looks of others end first', async () => {
    let at = 0;
    const wait = vi.fn<() => Promise<void>>().mockResolvedValue();
    const looks = { looksForMs: 100, elapsed: () => at, wait };
    const [early, late] = [machine('a', first, undefined, looks), machine('b', first, undefined, looks)];
    await activate(1, first);
    await early.decide();
    at = 60;
    await late.decide();
    await activate(2, second);
    for (const { put } of [early, late]) put(second);
    const ended = Promise.withResolvers<void>();
    wait.mockReset().mockReturnValue(ended.promise);
    at = 100;
    const decided = early.decide();
    await vi.waitFor(() => expect(wait).toHaveBeenCalledWith(100));
    at = 159;
    expect([await late.decide(), early.own.people]).toEqual([['ada'], ['ada']]);
    at = 200;
    ended.resolve();
    expect(await decided).toEqual(['ada', 'bob']);
    expect(await late.decide()).toEqual(['ada', 'bob']);
  });

  it('is looked for where there is nothing to decide, too', async () => {
    const path = join(dir, 'idle');
    writeFileSync(path, first);
    const configuration = new Configuration({
      store,
      path,
      alone: false,
      log: { info() {}, warn() {}, error() {} },
      everyMs: 5,
    });
    const seen = vi.fn();
    configuration.follow({ declaration: readDeclaration(path), prepare: async () => seen });
    configuration.start();
    await activate(1, second);
    writeFileSync(path, second);
    await vi.waitFor(() => expect(seen).toHaveBeenCalledOnce());
    await configuration.stop();
  });
});
