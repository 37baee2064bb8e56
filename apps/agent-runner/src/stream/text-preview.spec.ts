import type { Log } from '@countersign/contracts';
import { SqliteBus, type Bus } from '@countersign/messaging';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { now, requested, runAfter } from '../../test/run.fixtures.js';
import { silent, soon } from '../../test/runner.fixtures.js';
import { TextPreview, type TextDelta } from './text-preview.js';

const run = runAfter(requested);

describe('the text of a run while it is written', () => {
  let folder: string;
  let file: SqliteFile;
  let bus: SqliteBus;
  const previews: TextPreview[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'preview-'));
    file = new SqliteFile(folder);
    bus = new SqliteBus(file, { log: silent });
  });
  afterEach(async () => {
    for (const preview of previews.splice(0)) await preview.stop();
    await bus.close();
    file.close();
    rmSync(folder, { recursive: true });
  });

  function open({ alone = false, log = silent, over = bus as Bus } = {}): TextPreview {
    const preview = new TextPreview(over, alone, log, () => now);
    preview.tail();
    previews.push(preview);
    return preview;
  }
  function heardBy(preview: TextPreview, runId = 'run-1'): TextDelta[] & { end(): void } {
    const heard: TextDelta[] = [];
    const end = preview.listen(runId, ({ after, offset, text }) => heard.push({ after, offset, text }));
    return Object.assign(heard, { end });
  }

  it('is shown here as it comes, to all who listen, and to nobody who listens to another run', () => {
    const preview = open();
    const [one, other, elsewhere] = [heardBy(preview), heardBy(preview), heardBy(preview, 'run-2')];
    preview.write(run, 0, 'Hel');
    expect([...one]).toEqual([{ after: 0, offset: 0, text: 'Hel' }]);
    one.end();
    preview.write(run, 3, 'lo');
    expect(other.map(({ text }) => text)).toEqual(['Hel', 'lo']);
    expect(one.map(({ text }) => text)).toEqual(['Hel']);
    expect(elsewhere).toHaveLength(0);
  });

  it('is shown on other instances, where what comes close together is one piece', async () => {
    const [here, there] = [open(), open()];
    const heard = heardBy(there);
    here.write(run, 0, 'Hel');
    here.write(run, 3, 'lo');
    await expect.poll(() => [...heard], soon).toEqual([{ after: 0, offset: 0, text: 'Hello' }]);
    here.write(run, 5, '!');
    await expect.poll(() => heard[1], soon).toEqual({ after: 0, offset: 5, text: '!' });
  });

  it('is gathered for each run by itself, and begins anew with each attempt', async () => {
    const [here, there] = [open(), open()];
    const [heard, second] = [heardBy(there), heardBy(there, 'run-2')];
    here.write(run, 0, 'Hel');
    here.write({ ...run, run_id: 'run-2' }, 0, 'Bye');
    here.write(run, 0, 'Good');
    await expect.poll(() => [...second], soon).toEqual([{ after: 0, offset: 0, text: 'Bye' }]);
    expect([...heard]).toEqual([{ after: 0, offset: 0, text: 'Good' }]);
  });

  it('does not go on the bus of a process that is alone', async () => {
    const published: unknown[] = [];
    const over: Bus = {
      publish: async (messages) => void published.push(...messages),
      subscribe: (options) => bus.subscribe(options),
      tail: () => expect.unreachable('nobody else writes'),
      read: (options) => bus.read(options),
      history: (options) => bus.history(options),
      lag: (options) => bus.lag(options),
      ping: () => bus.ping(),
      close: async () => {},
    };
    const preview = open({ alone: true, over });
    const heard = heardBy(preview);
    preview.write(run, 0, 'Hel');
    await preview.stop();
    expect(heard).toHaveLength(1);
    expect(published).toEqual([]);
  });

  it('that cannot be sent elsewhere is lost there and nothing else', async () => {
    const warned: string[] = [];
    const log: Log = { ...silent, warn: (_, message) => warned.push(message) };
    const preview = open({ log });
    const heard = heardBy(preview);
    await bus.close();
    preview.write(run, 0, 'Hel');
    await expect.poll(() => warned, soon).toEqual(['cannot publish a text preview']);
    expect(heard).toHaveLength(1);
  });
});
