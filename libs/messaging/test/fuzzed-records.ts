/** A record as any client may write it. */
export interface FuzzedRecord {
  key: Buffer | null;
  headers: Record<string, Buffer | null | (Buffer | null)[]>;
  value: Buffer | null;
  timestamp: string;
}

/** Numbers below 1 that follow from a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const names = ['ce_id', 'CE_ID', 'ce_source', 'ce_type', 'ce_specversion', 'ce_time', 'ce_subject', 'ce_traceparent'];
const others = [
  'content-type',
  'Content-Type',
  'traceparent',
  '',
  '__proto__',
  'constructor',
  'toString',
  'ключ',
  'a\0b',
];
const texts = [
  '',
  '1.0',
  '4711',
  '/platform',
  'run.cancel_requested',
  'com.dapr.event.sent',
  '\u0000',
  '\n',
  '😀',
  'x'.repeat(5_000),
  'application/json',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'avro/binary',
  'text/xml',
  '2026-09-01T09:30:00Z',
  'yesterday',
  '+275760-09-13T00:00:00.001Z',
  '-1',
  '__proto__',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
];
const data = '{"run_id":"r1","reason":"enough"}';
const values = [
  data,
  '',
  'null',
  '[]',
  '0',
  '"text"',
  '{',
  `${data}${data}`,
  `\ufeff${data}`,
  '{"run_id":"r1","run_id":"r2"}',
  '{"__proto__":{"run_id":"r1"},"run_id":"r1"}',
  '{"run_id":1e400}',
  '{"run_id":"\\ud800"}',
  `${'['.repeat(3_000)}${']'.repeat(3_000)}`,
  `{"specversion":"1.0","type":"run.cancel_requested","id":"1","data":${data}}`,
  `{"specversion":"1.0","type":"run.cancel_requested","id":{},"data":${data}}`,
  `{"specversion":"1.0","type":"t","data_base64":"${btoa(data)}","data":{}}`,
  `{"specversion":"1.0","type":"run.cancel_requested","data_base64":"${btoa(data)}"}`,
  `{"pubsubname":"p","topic":5,"specversion":"1.0","type":"com.dapr.event.sent","data":"{"}`,
  '{"schema":{"type":"struct"},"payload":{"run_id":"r1"}}',
  '<run/>',
];

/** Records of every shape that Kafka takes, the same ones for a seed: two thirds odd, the rest damaged byte by byte. */
export function* fuzzedRecords(seed: number, count: number): Generator<FuzzedRecord> {
  const next = random(seed);
  const upTo = (n: number) => Math.floor(next() * n);
  const oneOf = <T>(all: readonly T[]): T => all[upTo(all.length)]!;
  const bytes = () => Buffer.from(Array.from({ length: upTo(64) }, () => upTo(256)));
  const field = () => (next() < 0.2 ? bytes() : Buffer.from(oneOf(texts)));
  const maybe = () => (next() < 0.15 ? null : field());
  const value = (): Buffer | null => {
    const chance = next();
    if (chance < 0.05) return null;
    if (chance < 0.15) return bytes();
    const whole = Buffer.from(oneOf(values));
    if (chance < 0.25) return Buffer.concat([Buffer.from([0, 0, 0, 0, upTo(256)]), whole]);
    if (chance < 0.55 && whole.length > 0) whole[upTo(whole.length)] = upTo(256);
    return chance > 0.95 ? whole.subarray(0, upTo(whole.length)) : whole;
  };
  for (let n = 0; n < count; n++) {
    const headers = Object.fromEntries(
      Array.from({ length: upTo(7) }, () => [
        oneOf(next() < 0.7 ? names : others),
        next() < 0.15 ? Array.from({ length: upTo(4) }, maybe) : maybe(),
      ]),
    );
    yield {
      key: maybe(),
      headers,
      value: value(),
      timestamp: oneOf(['0', '1', '1788255000000', '-1', '8640000000000001']),
    };
  }
}
