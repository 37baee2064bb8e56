// Keeps a table of the record in SQLite, idempotently. Needs kafkajs; runs as it is with Node.js 24:
//   KAFKA_BROKERS=127.0.0.1:9092 node audit-table.ts
import { Kafka, logLevel, type EachBatchPayload } from 'kafkajs';
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

const {
  KAFKA_BROKERS = '127.0.0.1:9092',
  AUDIT_TABLE = 'audit.db',
  AUDIT_GROUP = 'audit-table',
  UNTIL_END,
} = process.env;
const topic = 'audit.recorded';

const table = new DatabaseSync(AUDIT_TABLE);
table.exec(`CREATE TABLE IF NOT EXISTS audit (
  place INTEGER PRIMARY KEY, run TEXT, sequence INTEGER, type TEXT, actor TEXT, time TEXT, hash TEXT, entry TEXT
)`);
const find = table.prepare('SELECT hash FROM audit WHERE place = ?');
const insert = table.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)');

interface Recorded {
  index: number;
  key: string;
  sequence: number;
  type: string;
  leaf_hash: string;
  /** null of a large entry: `GET /audit/entries` has it. */
  leaf: string | null;
}

/** What comes again is known by its place in the record, and must be what it was. */
function keep({ index, key, sequence, type, leaf_hash, leaf }: Recorded): void {
  const known = find.get(index)?.['hash'];
  if (known !== undefined && known !== leaf_hash) throw new Error(`entry ${index} is another one than it was`);
  if (known !== undefined) return;
  const hash = leaf === null ? leaf_hash : createHash('sha256').update(`\0${leaf}`).digest('base64');
  if (hash !== leaf_hash) throw new Error(`entry ${index} does not have its hash`);
  const { authid = null, time = null } = JSON.parse(leaf ?? '{}') as { authid?: string; time?: string };
  insert.run(index, key, sequence, type, authid, time, leaf_hash, leaf);
}

const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: AUDIT_GROUP });
const admin = kafka.admin();
await Promise.all([consumer.connect(), admin.connect()]);
const ends = (await admin.fetchTopicOffsets(topic)).map(({ partition, high, low }) => ({
  partition,
  left: high !== low,
  high,
}));
await admin.disconnect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });

let done = () => {};
const caughtUp = new Promise<void>((resolve) => (done = resolve));
// The rows of a batch are one transaction, and its offset is committed after them: what a crash repeats is known.
async function eachBatch({ batch, resolveOffset, heartbeat }: EachBatchPayload): Promise<void> {
  table.exec('BEGIN');
  for (const { value } of batch.messages) keep(JSON.parse(String(value)) as Recorded);
  table.exec('COMMIT');
  resolveOffset(batch.lastOffset());
  await heartbeat();
  for (const end of ends)
    if (end.partition === batch.partition && BigInt(batch.lastOffset()) >= BigInt(end.high) - 1n) end.left = false;
  if (!ends.some(({ left }) => left)) done();
}
await consumer.run({ eachBatchAutoResolve: false, eachBatch });

if (UNTIL_END !== undefined) {
  await caughtUp;
  await consumer.disconnect();
  const rows = table.prepare('SELECT place, sequence, hash FROM audit ORDER BY place').all();
  const text = rows.map(({ place, sequence, hash }) => `${place} ${sequence} ${hash}\n`).join('');
  console.log(JSON.stringify({ entries: rows.length, digest: createHash('sha256').update(text).digest('hex') }));
}
