import { fromBase64, toBase64 } from './base64.js';
import { idOf, isKeyName, type NoteKey } from './keys.js';

/** Signs as Ed25519 does. */
export interface NoteSigner extends NoteKey {
  sign(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array> | Uint8Array;
}

/** A signature that was found to be true. */
export interface Verified {
  key: NoteKey;
  /** When a witness signed, in seconds. */
  seen_at?: number;
}

export class NoteError extends Error {
  override readonly name = 'NoteError';
  constructor(
    readonly code: 'malformed' | 'unsigned' | 'bad_signature',
    message: string,
  ) {
    super(message);
  }
}

/** Signatures of one note; more are refused before any is looked at. */
const mostSignatures = 100;
const signatureLength = 64;

/**
 * A text, an empty line, and who signs it: C2SP signed-note.
 *
 * @param text ends with a line feed.
 * @throws NoteError when it is none that could be read back
 */
export async function signNote(text: string, ...signers: readonly NoteSigner[]): Promise<string> {
  checkText(text);
  const lines = await Promise.all(signers.map((signer) => signatureLine(text, signer)));
  return `${text}\n${lines.join('')}`;
}

/** One more signature on a note that others have signed. */
export async function addSignature(note: string, signer: NoteSigner): Promise<string> {
  return note + (await signatureLine(split(note).text, signer));
}

/**
 * @returns the text, and whose signatures are on it, of these keys. Those of others say nothing here.
 * @throws NoteError when the note is malformed, a signature of one of the keys is wrong, or none of them has signed
 */
export async function openNote(
  note: string,
  keys: readonly NoteKey[],
): Promise<{ text: string; signatures: readonly [Verified, ...Verified[]] }> {
  const { text, signatures } = split(note);
  const verified = new Map<NoteKey, Verified>();
  for (const { name, id, bytes } of signatures) {
    const key = keys.find((each) => each.name === name && idOf(each) === id);
    if (!key || verified.has(key)) continue;
    const found = await verify(text, key, bytes);
    if (!found) throw new NoteError('bad_signature', `the signature of ${name} is not of this text`);
    verified.set(key, found);
  }
  const [first, ...others] = verified.values();
  if (!first) throw new NoteError('unsigned', 'none of the keys that are trusted has signed this');
  return { text, signatures: [first, ...others] };
}

async function signatureLine(text: string, signer: NoteSigner): Promise<string> {
  if (!isKeyName(signer.name)) throw new NoteError('malformed', `${JSON.stringify(signer.name)} is no name of a key`);
  if (signer.kind === 'witness') throw new NoteError('malformed', 'a witness signs with its own program');
  const signature = await signer.sign(encode(text));
  return `— ${signer.name} ${toBase64(Uint8Array.from([...bytesOf(idOf(signer)), ...signature]))}\n`;
}

/** Of a witness: the time, and a signature of the time and the text (C2SP tlog-cosignature, version 1). */
async function verify(text: string, key: NoteKey, bytes: Uint8Array<ArrayBuffer>): Promise<Verified | undefined> {
  if (key.kind === 'log') return (await isSigned(key, encode(text), bytes)) ? { key } : undefined;
  if (bytes.length !== 8 + signatureLength) return undefined;
  const seen_at = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  const message = encode(`cosignature/v1\ntime ${seen_at}\n${text}`);
  return Number.isSafeInteger(seen_at) && (await isSigned(key, message, bytes.slice(8))) ? { key, seen_at } : undefined;
}

async function isSigned(
  { publicKey }: NoteKey,
  message: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (signature.length !== signatureLength) return false;
  const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, signature, message);
}

interface Signature {
  name: string;
  id: string;
  bytes: Uint8Array<ArrayBuffer>;
}

function split(note: string): { text: string; signatures: Signature[] } {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) throw new NoteError('malformed', 'this is no signed note');
  const text = note.slice(0, end + 1);
  checkText(text);
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > mostSignatures) throw new NoteError('malformed', `more than ${mostSignatures} signatures`);
  return { text, signatures: lines.map(signatureIn) };
}

function signatureIn(line: string): Signature {
  const [, name = '', encoded = ''] = /^— (\S+) (\S+)$/.exec(line) ?? [];
  const bytes = fromBase64(encoded);
  if (!isKeyName(name) || !bytes || bytes.length < 5) throw new NoteError('malformed', 'a line is no signature');
  return { name, id: hexOf(bytes.subarray(0, 4)), bytes: bytes.slice(4) };
}

function checkText(text: string): void {
  // oxlint-disable-next-line no-control-regex -- those are what it must not have.
  if (!text.endsWith('\n') || !text.isWellFormed() || /[\0-\x09\x0b-\x1f\x7f]/.test(text))
    throw new NoteError('malformed', 'the text of a note is lines without control characters');
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const bytesOf = (hex: string): number[] => hex.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
