import { maxDepth, parseStrictJson } from '@countersign/contracts/json';
import { TerminalError } from '@countersign/contracts/problems';

/** Levels of a message: those of arguments, and of what is around them. */
const depth = maxDepth + 36;

/**
 * The JSON of a message. The five bytes that a serializer for JSON Schema writes before it, for its registry, are passed
 * over; no JSON begins with their first one.
 *
 * @throws TerminalError that says what the bytes look like, and quotes nothing of them
 */
export function parseBytes(topic: string, value: Buffer | null): unknown {
  if (value === null) throw new TerminalError('no_value', `no value in the message on ${topic}`);
  if (value[0] !== 0) return parse(topic, value);
  const schema = value.length > 5 ? value.readUInt32BE(1) : undefined;
  if (schema === undefined || !beginsLikeJson(value.subarray(5)))
    throw new TerminalError(
      'unsupported_encoding',
      `the value on ${topic} begins like one of a schema registry${schema === undefined ? '' : ` (schema ${schema})`}, and what follows is no JSON: Avro and Protobuf are not read, JSON with a JSON Schema is`,
    );
  return parse(topic, value.subarray(5));
}

export const asText = (topic: string, text: string): unknown => parse(topic, Buffer.from(text));

/** The name of an encoding that a content type says and that is not read. */
export function encodingOf(contentType: string): string | undefined {
  const said = /\b(avro|protobuf|x-protobuf|msgpack|x-msgpack|cbor|xml)\b/i.exec(contentType)?.[1]?.toLowerCase();
  return said === undefined ? undefined : names[said.replace(/^x-/, '')];
}

const names: Record<string, string> = {
  avro: 'Avro',
  protobuf: 'Protobuf',
  msgpack: 'MessagePack',
  cbor: 'CBOR',
  xml: 'XML',
};

function parse(topic: string, bytes: Buffer): unknown {
  // What an agent says may hold any text; that of arguments is looked at with their schema.
  const read = parseStrictJson(bytes, { depth, texts: 'any' });
  if (read.ok) return read.value;
  const { code, path, message } = read.problem;
  // The message quotes a number that is refused, for its sender; dead letters have other readers.
  const what = code === 'inexact_number' ? 'a number cannot be kept exactly: give it as a string' : message;
  const kind = code === 'not_json' || code === 'not_utf8' ? likenessOf(bytes) : undefined;
  const where = path === '' ? '' : ` (at ${path})`;
  throw new TerminalError(
    code,
    `invalid JSON on ${topic}: ${what}${where}${kind === undefined ? '' : `; it looks like ${kind}`}`,
  );
}

const beginsLikeJson = (bytes: Buffer): boolean => /^[ \t\r\n]*[{[]/.test(bytes.toString('latin1', 0, 64));

/** What bytes that are no JSON look like, by how they begin. */
function likenessOf(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, 16);
  return beginnings.find(([pattern]) => pattern.test(start))?.[1];
}

/* oxlint-disable no-control-regex -- bytes, and not text. */
const beginnings: readonly [RegExp, string][] = [
  [/^\x1f\x8b/, 'gzip: compress batches in the producer, not values'],
  [/^\x28\xb5\x2f\xfd/, 'zstd: compress batches in the producer, not values'],
  [/^Obj\x01/, 'an Avro file'],
  [/^\xac\xed\x00\x05/, 'a serialized Java object'],
  [/^(\xff\xfe|\xfe\xff)/, 'UTF-16: write UTF-8'],
  [/^\xef\xbb\xbf/, 'UTF-8 with a byte order mark: leave it out'],
  [/^\s*</, 'XML'],
  [/^[\w.%+-]+=/, 'a form'],
  [/^'/, 'a Python literal'],
  [/^\{\s*'/, 'a Python literal: write JSON, with double quotes'],
];
/* oxlint-enable no-control-regex */
