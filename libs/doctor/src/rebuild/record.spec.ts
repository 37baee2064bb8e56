import { emit, eventSource, type Event, type EventData } from '@countersign/contracts';
import { entriesStored, identityOf, unknownContent, type StoredEntry } from '@countersign/contracts/audit';
import { noTrace } from '@countersign/contracts/trace';
import { encode, SqliteBus } from '@countersign/messaging';
import { SqliteDatabase } from '@countersign/persistence';
import { SqliteFile } from '@countersign/sqlite';
import { Frontier, leafHash, signCheckpoint, writeKey, type NoteSigner } from '@countersign/transparency';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { recordFromTopic } from './record.js';

function signerNamed(name: string): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const x = publicKey.export({ format: 'jwk' }).x!;
  return {
    name,
    kind: 'log',
    publicKey: Uint8Array.from(Buffer.from(x, 'base64url')),
    sign: (message) => Uint8Array.from(sign(null, message, privateKey)),
  };
}
const signer = signerNamed('example.com/record');
const trust = writeKey(signer);
const time = '2026-09-01T09:30:00.000Z';

const eventOf = (id: string, told: ReturnType<typeof emit>): Event =>
  ({ id, source: eventSource('audit'), time, subject: id, key: 'run-1', ...noTrace, ...told }) as Event;
const leafOf = (n: number): string =>
  JSON.stringify({
    data: { by: 'ada', run_id: 'run-1', tool_name: 'deploy' },
    id: `runs/run-1/${n}/0`,
    key: 'run-1',
    sequence: n + 1,
    source: '/countersign/agent-runner',
    time,
    type: 'run.started',
  });
const hashOf = (leaf: string): string => Buffer.from(leafHash(Buffer.from(leaf))).toString('base64');
const recorded = (index: number, change: Partial<EventData<'audit.recorded'>> = {}): Event => {
  const leaf = leafOf(index);
  const data = { index, key: 'run-1', sequence: index + 1, type: 'run.started', leaf_hash: hashOf(leaf), leaf };
  return eventOf(`audit/${index}`, emit('audit.recorded', { ...data, ...change }));
};
async function checkpoint(size: number, by = signer): Promise<Event> {
  const frontier = new Frontier();
  for (let n = 0; n < size; n++) frontier.append(leafHash(Buffer.from(leafOf(n))));
  const root = Buffer.from(frontier.root).toString('base64');
  const note = await signCheckpoint({ size, root: frontier.root }, by);
  return eventOf(`checkpoints/${size}/1/0`, emit('audit.checkpoint_signed', { origin: by.name, size, root, note }));
}

async function opened(...events: (Event | Promise<Event>)[]) {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-record-'));
  const file = new SqliteFile(dir);
  onTestFinished(() => (file.close(), rmSync(dir, { recursive: true })));
  const bus = new SqliteBus(file, { log: { info() {}, warn() {}, error() {} } });
  const database = new SqliteDatabase(file);
  const log = database.appendLog<StoredEntry>(entriesStored);
  await bus.publish((await Promise.all(events)).map(encode));
  const rebuild = (dryRun = false) => recordFromTopic({ bus, database }, { dryRun, trust });
  const all = () => log.find({ filter: {}, sort: [], limit: 100 });
  return { all, bus, database, log, rebuild };
}

it('makes the same leaves at the same places of what the topic has, in whatever order and however often', async () => {
  const { all, database, rebuild } = await opened(
    recorded(2),
    recorded(0),
    checkpoint(3),
    recorded(1),
    recorded(3, { leaf: null }),
    recorded(0),
  );
  expect(await rebuild(true)).toMatchObject({ dry_run: true, rebuilt: 4 });
  expect(await all()).toEqual([]);
  const found = { rebuilt: 4, there: 0, covered: 3, without_text: 1, not_believed: 0 };
  expect(await rebuild()).toEqual({ dry_run: false, ...found });
  const entries = await all();
  expect(entries.map(({ leaf }) => leaf)).toEqual([leafOf(0), leafOf(1), leafOf(2), null]);
  const frontier = new Frontier();
  for (const { nodes, position } of entries) {
    const completed = frontier.append(leafHash(Buffer.from(leafOf(position))));
    expect(nodes).toBe(completed.map(({ hash }) => Buffer.from(hash).toString('base64')).join(' '));
  }
  expect(entries[1]).toMatchObject({
    identity: identityOf({ source: '/countersign/agent-runner', id: 'runs/run-1/1/0' }),
    content: unknownContent,
    actor: 'ada',
    tool_name: 'deploy',
    sequence: 2,
  });
  const { store } = database.collection({ name: 'audit_positions', key: 'id', indexes: [] } as never);
  expect(await store.get('published')).toMatchObject({ next: 4 });
  expect(await rebuild()).toMatchObject({ rebuilt: 0, there: 4 });
});

it('goes on where a restored store ends', async () => {
  const { all, bus, rebuild } = await opened(recorded(0), recorded(1), checkpoint(2));
  await rebuild();
  await bus.publish((await Promise.all([recorded(2), checkpoint(3)])).map(encode));
  expect(await rebuild()).toMatchObject({ rebuilt: 1, there: 2, covered: 3 });
  expect(await all()).toHaveLength(3);
});

const forged = JSON.stringify({ ...(JSON.parse(leafOf(1)) as object), type: 'run.completed' });
it.each<[string, string, (Event | Promise<Event>)[]]>([
  ['a text that is not what its hash is of', 'entry 1 is not on the topic', [recorded(1, { leaf: forged })]],
  [
    'another entry, with its own hash',
    'not those of the checkpoint',
    [recorded(1, { leaf: forged, leaf_hash: hashOf(forged) })],
  ],
  [
    'another entry beside the one that was published',
    'Two entries are said to be number 1',
    [recorded(1), recorded(1, { leaf: forged, leaf_hash: hashOf(forged) })],
  ],
  ['a gap before what a checkpoint is of', 'entry 1 is not on the topic', []],
])('writes nothing where there is %s', async (_, problem, events) => {
  const { all, rebuild } = await opened(recorded(0), ...events, recorded(2), checkpoint(3));
  await expect(rebuild()).rejects.toThrow(problem);
  expect(await all()).toEqual([]);
});

it('takes the word of no other key', async () => {
  const { rebuild } = await opened(recorded(0), checkpoint(1, signerNamed('example.com/record')));
  await expect(rebuild()).rejects.toThrow('No checkpoint on the topic is signed by this key.');
});

it('does not put a record in the place of another one', async () => {
  const { bus, log, rebuild } = await opened(recorded(0), checkpoint(1));
  await rebuild();
  await log.replace(
    (await log.find({ filter: {}, sort: [], limit: 1 })).map((each) => ({ ...each, nodes: hashOf('x') })),
  );
  await bus.publish([recorded(1)].map(encode));
  await expect(rebuild()).rejects.toThrow('Two entries are said to be number 0');
});
