import { includes, leafHash, openCheckpoint, openNote, type Checkpoint, type NoteKey } from '@countersign/transparency';
import { EvidenceProblem } from './problem.js';
import { canonical, digestOf } from './signed.js';

export const format = 'countersign-evidence/1';

/** An Ed25519 public key by its name. */
export interface ServiceKey {
  kid: string;
  /** 32 bytes in base64url. */
  x: string;
  /** Entries from this place of the record on it did not sign: it was withdrawn. Unset: it was not. */
  until?: number;
}

/** The rules of a version, which is the beginning of their digest. */
export interface RulesOfVersion {
  version: string;
  rules: Record<string, unknown>;
}

/** An agent as its runs used it, by the digest that requests name: its instructions, and its tools as they were gated. */
export interface AgentOfVersion {
  version: string;
  definition: Record<string, unknown>;
}

/** The JSON Schema of the data of events. */
export interface SchemaOfVersion {
  version: string;
  schema: Record<string, unknown>;
}

export interface Header {
  format: typeof format;
  run_id: string;
  /** How many entries the record has of this run. */
  entries: number;
  /** A signed note. */
  checkpoint: string;
  /** What decisions, requests and results in it are signed with. */
  keys: { decisions: ServiceKey[]; requests: ServiceKey[]; results: ServiceKey[] };
  /** Those that decisions in it were made by. */
  rules?: RulesOfVersion[];
  /** Those that requests in it were made by. */
  agents?: AgentOfVersion[];
  /** By which the events were read, as their entries say. */
  schemas?: SchemaOfVersion[];
}

/** An event as it is on record. */
export interface Entry {
  id: string;
  source: string;
  type: string;
  time: string;
  key: string;
  sequence: number;
  /** The event or command that it came of, as its sender says. */
  causationid?: unknown;
  /** Its number among the events of its record, as its sender says. */
  record_sequence?: unknown;
  /** The version of the schema that its data was read by. */
  schema?: string;
  data: Record<string, unknown>;
  /** The line of the file, from 1. */
  line: number;
  /** Its place in the whole record, from 0. */
  index: number;
}

export interface Bundle {
  header: Header;
  checkpoint: Checkpoint;
  entries: Entry[];
}

const utf8 = new TextEncoder();

/** What a head has of versions, and where the text of each is. */
const texts = { rules: 'rules', agents: 'definition', schemas: 'schema' } as const;
type Text = keyof typeof texts;
type OfVersion = { version: string };
const problem = (code: EvidenceProblem['code'], message: string, line?: number) =>
  new EvidenceProblem(code, message, line);

/**
 * Reads a bundle, and finds out that it is whole: sealed by the log, every entry of the run there once and in the tree of
 * the checkpoint.
 *
 * @throws EvidenceProblem
 */
export async function openBundle(bytes: Uint8Array, key: NoteKey): Promise<Bundle> {
  const text = decode(bytes);
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.length < 2) throw problem('malformed', 'It does not end with a seal.');
  await checkSeal(text, lines.pop()!, key, lines.length + 1);
  const header = headerIn(lines[0]!);
  if (lines.length !== 1 + 2 * header.entries)
    throw problem('sequence', `It says ${header.entries} entries and has ${(lines.length - 1) / 2}.`);
  const checkpoint = await openCheckpoint(header.checkpoint, key).catch((error: Error) => {
    throw problem('checkpoint', `The checkpoint is not signed by the log: ${error.message}.`, 1);
  });
  for (const [name, field] of Object.entries(texts))
    for (const each of header[name as Text] ?? []) await checkVersion(name as Text, each, field);
  let last = -1;
  const entries = lines.slice(1, 1 + header.entries).map((leaf, n) => {
    const proofLine = 1 + header.entries + n;
    const { index, proof } = proofIn(lines[proofLine]!, proofLine + 1);
    const entry = { ...entryIn(leaf, n + 2), line: n + 2, index };
    if (entry.key !== header.run_id || entry.sequence !== n + 1 || index <= last)
      throw problem('sequence', `Entry ${entry.sequence} of ${entry.key} is not entry ${n + 1} of the run.`, n + 2);
    last = index;
    const { size, root } = checkpoint;
    if (!includes({ leaf: leafHash(utf8.encode(leaf)), index, size, root, proof }))
      throw problem('inclusion', `Entry ${n + 1} is not in the record of the checkpoint.`, n + 2);
    return entry;
  });
  return { header, checkpoint, entries };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw problem('malformed', 'It is no UTF-8 text.');
  }
}

/** Everything before the last line, to the bit: the run has so many entries and no more, and these are the keys. */
async function checkSeal(text: string, line: string, key: NoteKey, number: number): Promise<void> {
  const { seal } = objectIn(line, number);
  if (typeof seal !== 'string' || JSON.stringify({ seal }) !== line)
    throw problem('malformed', 'The last line is no seal.', number);
  const sealed = text.slice(0, text.length - line.length - 1);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(sealed)));
  const expected = `${format}\n${key.name}\n${btoa(String.fromCharCode(...digest))}\n`;
  const opened = await openNote(seal, [key]).catch((error: Error) => {
    throw problem('seal', `The seal is not by the key that is trusted: ${error.message}.`, number);
  });
  if (opened.text !== expected)
    throw problem('seal', 'The seal is not of this file: something in it was changed.', number);
}

function headerIn(line: string): Header {
  const header = objectIn(line, 1) as Partial<Header>;
  const { entries, run_id, checkpoint, keys } = header;
  const isHeader =
    header.format === format &&
    typeof run_id === 'string' &&
    typeof checkpoint === 'string' &&
    Number.isSafeInteger(entries) &&
    [keys?.decisions, keys?.requests, keys?.results].every(areKeys) &&
    Object.entries(texts).every(([name, field]) => areTexts(header[name as Text], field));
  if (!isHeader) throw problem('malformed', `The first line is no head of ${format}.`, 1);
  return header as Header;
}

const areKeys = (keys: unknown): boolean =>
  Array.isArray(keys) &&
  keys.every(
    (key: unknown) =>
      isObject(key) &&
      typeof key['kid'] === 'string' &&
      typeof key['x'] === 'string' &&
      (key['until'] === undefined || Number.isSafeInteger(key['until'])),
  );
const areTexts = (each: unknown, field: string): boolean =>
  each === undefined ||
  (Array.isArray(each) &&
    each.every((one) => isObject(one) && typeof one['version'] === 'string' && isObject(one[field])));

/** What entries name by its digest: others under its name were not in force. */
async function checkVersion(name: Text, text: OfVersion, field: string): Promise<void> {
  const { version } = text;
  const digest = await digestOf(canonical((text as unknown as Record<string, unknown>)[field]));
  if (digest.slice('sha256:'.length, 'sha256:'.length + version.length) !== version || version.length !== 32)
    throw problem(name, `The ${name} of version ${version} are not those that it is the digest of.`, 1);
}

function entryIn(line: string, number: number): Omit<Entry, 'line' | 'index'> {
  const entry = objectIn(line, number);
  const texts = [entry['id'], entry['source'], entry['type'], entry['time'], entry['key']];
  if (
    !texts.every((text) => typeof text === 'string') ||
    !isObject(entry['data']) ||
    typeof entry['sequence'] !== 'number'
  )
    throw problem('malformed', 'It is no entry of a record.', number);
  return entry as unknown as Entry;
}

function proofIn(line: string, number: number): { index: number; proof: Uint8Array[] } {
  const { index, proof } = objectIn(line, number);
  if (!Number.isSafeInteger(index) || !Array.isArray(proof)) throw problem('malformed', 'It is no proof.', number);
  try {
    const hashes = proof.map((hash) => Uint8Array.from(atob(hash as string), (char) => char.charCodeAt(0)));
    return { index: index as number, proof: hashes };
  } catch {
    throw problem('malformed', 'A hash is no base64.', number);
  }
}

function objectIn(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw problem('malformed', 'It is no JSON object.', number);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
