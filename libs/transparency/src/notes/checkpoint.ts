import type { Hash } from '../merkle/hash.js';
import { fromBase64, toBase64 } from './base64.js';
import type { NoteKey } from './keys.js';
import { NoteError, openNote, signNote, type NoteSigner, type Verified } from './note.js';

/** What a log says of itself: so many entries, and this root of their tree. */
export interface Checkpoint {
  /** Which log: the name of its key. */
  origin: string;
  size: number;
  root: Hash;
}

/** Signed by the log. C2SP tlog-checkpoint. */
export const signCheckpoint = ({ size, root }: Omit<Checkpoint, 'origin'>, signer: NoteSigner): Promise<string> =>
  signNote(`${signer.name}\n${size}\n${toBase64(root)}\n`, signer);

/**
 * @param log the key of the log, whose signature it must have.
 * @param witnesses whose signatures count besides.
 * @throws NoteError when it is no checkpoint of this log
 */
export async function openCheckpoint(
  note: string,
  log: NoteKey,
  witnesses: readonly NoteKey[] = [],
): Promise<Checkpoint & { witnessed: readonly Verified[] }> {
  const { text, signatures } = await openNote(note, [log, ...witnesses]);
  if (!signatures.some(({ key }) => key === log)) throw new NoteError('unsigned', 'the log has not signed this');
  const [origin = '', size = '', encoded = '', ...extensions] = text.slice(0, -1).split('\n');
  const root = fromBase64(encoded);
  const isSize = /^(0|[1-9]\d*)$/.test(size) && Number.isSafeInteger(Number(size));
  if (origin !== log.name || !isSize || root?.length !== 32 || extensions.includes(''))
    throw new NoteError('malformed', 'what was signed is no checkpoint of this log');
  return { origin, size: Number(size), root, witnessed: signatures.filter(({ key }) => key !== log) };
}
