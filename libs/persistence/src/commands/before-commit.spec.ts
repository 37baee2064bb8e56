import { emit, type Event, type NewEvent } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import { atMillis, atSeconds } from '@countersign/contracts/time';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandHandler } from './command-handler.js';
import type { Collection, StoredRecord } from '../store.js';
import { SqliteDatabase } from '../sqlite/sqlite-store.js';
import { changed, rejected, type Transition } from './transition.js';

interface Page extends StoredRecord {
  id: string;
  run_id: string;
  lines: string[];
  seal: string | null;
}

const pages: Collection<Page> = { name: 'pages', key: 'id', indexes: [] };
const about = { run_id: 'run-1', agent_id: 'ops', session_id: 's', user_id: null, requested_by: null };
const empty: Page = {
  id: 'p',
  run_id: 'run-1',
  lines: [],
  seal: null,
  version: 0,
  due_at: null,
  traceparent: null,
  tracestate: null,
  created_at: atSeconds(0),
  updated_at: atSeconds(0),
};

function decide(page: Page = empty, line: string): Transition<Page> {
  if (line === '') return rejected('empty', 'nothing is said');
  return changed({ ...page, lines: [...page.lines, line] }, emit('run.started', { ...about, input: line }));
}

describe('what takes time, such as a signature,', () => {
  let dir: string;
  let file: SqliteFile;
  let published: Event[];
  let sealing: (page: Page, events: readonly NewEvent[]) => Promise<{ state: Page; events: readonly NewEvent[] }>;
  let commandHandler: CommandHandler<Page, string>;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-seal-'));
    file = new SqliteFile(dir);
    [published, sealing] = [[], sealed];
    commandHandler = new CommandHandler<Page, string>({
      collection: pages,
      store: new SqliteDatabase(file).collection(pages).store,
      decide,
      source: '/countersign/executor',
      beforeCommit: (page, events) => sealing(page, events),
      publish: (events) => void published.push(...events),
      now: () => atMillis(0),
    });
  });
  afterEach(() => (file.close(), rmSync(dir, { recursive: true })));

  const sealed = async (page: Page, events: readonly NewEvent[]) => {
    const seal = `sealed: ${page.lines.join()}`;
    return {
      state: { ...page, seal },
      events: events.map((event) => ({ ...event, data: { ...event.data, input: seal } }) as NewEvent),
    };
  };

  it('is added to the record and its events before they are stored', async () => {
    const handled = await commandHandler.execute('p', 'one');
    expect(handled).toMatchObject({ kind: 'changed', state: { lines: ['one'], seal: 'sealed: one', version: 1 } });
    expect(await commandHandler.store.get('p')).toEqual(handled.state);
    expect(published).toMatchObject([{ id: 'pages/p/1/0', data: { input: 'sealed: one' } }]);
  });

  it('is made of the change that is stored, also when somebody else was faster meanwhile', async () => {
    await Promise.all(['one', 'two', 'three'].map((line) => commandHandler.execute('p', line)));
    const { lines, seal } = (await commandHandler.store.get('p'))!;
    expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
    expect(seal).toBe(`sealed: ${lines.join()}`);
  });

  it('is measured with the events: what no log would take is refused before anything is stored', async () => {
    const characters = '漢'.repeat(200_000);
    await expect(commandHandler.execute('p', characters.repeat(2))).rejects.toThrow(TerminalError);
    expect(await commandHandler.store.get('p')).toBeUndefined();
    expect(published).toEqual([]);
    expect(await commandHandler.execute('p', characters)).toMatchObject({ kind: 'changed' });
    sealing = async (page, events) => sealed(page, [...events, ...events]).then((made) => made);
    await expect(commandHandler.execute('p', characters)).rejects.toMatchObject({ code: 'not_publishable' });
  });

  it('leaves nothing behind when it fails, and is tried again with the message', async () => {
    sealing = () => Promise.reject(new Error('no key'));
    await expect(commandHandler.execute('p', 'one')).rejects.toThrow('no key');
    expect(await commandHandler.store.get('p')).toBeUndefined();
    expect(published).toEqual([]);
    sealing = sealed;
    expect(await commandHandler.execute('p', 'one')).toMatchObject({ state: { seal: 'sealed: one' } });
  });

  it('is not waited for when nothing changes, and whoever asked gets the reason in general', async () => {
    sealing = () => Promise.reject(new Error('no key'));
    const state = undefined;
    expect(await commandHandler.execute('p', '')).toEqual({
      kind: 'rejected',
      reason: 'nothing is said',
      code: 'empty',
      state,
    });
  });
});
