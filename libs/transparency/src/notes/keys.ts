import { sha256 } from '#sha256';
import { fromBase64, toBase64 } from './base64.js';

/** What a signature says: that of a log the note's text; that of a witness also when it was seen. */
const kinds = { log: 1, witness: 4 } as const;
export type Kind = keyof typeof kinds;

/** A public key of Ed25519 and the name it signs under. */
export interface NoteKey {
  name: string;
  kind: Kind;
  /** 32 bytes. */
  publicKey: Uint8Array<ArrayBuffer>;
}

/** Four bytes that tell keys of one name apart, in hexadecimal. C2SP signed-note. */
export function idOf({ name, kind, publicKey }: NoteKey): string {
  const digest = sha256(new TextEncoder().encode(`${name}\n`), Uint8Array.of(kinds[kind]), publicKey);
  return Array.from(digest.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** As people hand it on: `<name>+<id>+<base64>`. */
export const writeKey = (key: NoteKey): string =>
  `${key.name}+${idOf(key)}+${toBase64(Uint8Array.of(kinds[key.kind], ...key.publicKey))}`;

/** @throws Error for what is no such text, or whose id is of another key. */
export function readKey(text: string): NoteKey {
  const [, name = '', id, encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const [code, ...bytes] = fromBase64(encoded) ?? [];
  const kind = (Object.keys(kinds) as Kind[]).find((each) => kinds[each] === code);
  if (!isKeyName(name) || !kind || bytes.length !== 32) throw new Error('not a verifier key of Ed25519');
  const key = { name, kind, publicKey: Uint8Array.from(bytes) };
  if (idOf(key) !== id) throw new Error('the id of this verifier key is of another key');
  return key;
}

/** Neither white space nor a plus. */
export const isKeyName = (name: string): boolean => name !== '' && name.isWellFormed() && !/[\s+\p{Cc}]/u.test(name);
