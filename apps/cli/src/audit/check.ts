import type { CountersignClient } from '@countersign/client';
import { SignedCheckpoint } from '@countersign/contracts/audit';
import { isConsistent, openCheckpoint, readKey, type Checkpoint, type NoteKey } from '@countersign/transparency';

/** What checkpoints that were kept elsewhere say of the record as it is. */
export interface Check {
  /** Why it is not what it was, and the line that says so; null: it is. */
  broken: { line: number; message: string } | null;
  /** Checkpoints that it was compared with. */
  compared: number;
  size: number;
}

type Source = Pick<CountersignClient['audit'], 'checkpoint' | 'consistency'>;

/**
 * Whether a record goes on from checkpoints of it: nothing that was on it then has been changed or taken away.
 *
 * @param text lines of JSON, as AUDIT_CHECKPOINT_FILE has them
 * @param all compares it with each of them and not just the largest
 * @throws NoteError when `trust` is no key
 */
export async function checkContinues(text: string, trust: string, source: Source, all = false): Promise<Check> {
  const key = readKey(trust);
  const lines = text.split('\n').flatMap((line, n) => (line === '' ? [] : [{ line: n + 1, text: line }]));
  if (lines.length === 0)
    return { broken: { line: 1, message: 'There is no checkpoint in it.' }, compared: 0, size: 0 };
  const kept: (Checkpoint & { line: number })[] = [];
  for (const each of lines) {
    const opened = await opening(each.text, key);
    if (typeof opened === 'string')
      return { broken: { line: each.line, message: opened }, compared: kept.length, size: 0 };
    kept.push({ ...opened, line: each.line });
  }
  const largest = kept.reduce((one, other) => (other.size > one.size ? other : one));
  const now = await openCheckpoint((await source.checkpoint()).note, key);
  let compared = 0;
  for (const before of all ? kept : [largest]) {
    if (before.size > now.size) {
      const message = `It had ${before.size} entries, and has ${now.size}.`;
      return { broken: { line: before.line, message }, compared, size: now.size };
    }
    const { proof } = await source.consistency(before.size, now.size);
    if (!isConsistent({ before, after: now, proof: proof.map(bytes) })) {
      const message = `Its first ${before.size} entries are not what they were.`;
      return { broken: { line: before.line, message }, compared, size: now.size };
    }
    compared += 1;
  }
  return { broken: null, compared, size: now.size };
}

async function opening(line: string, key: NoteKey): Promise<Checkpoint | string> {
  try {
    return await openCheckpoint(SignedCheckpoint.pick({ note: true }).parse(JSON.parse(line)).note, key);
  } catch (error) {
    return `It is no checkpoint that the record has signed: ${(error as Error).message.split('\n')[0]}.`;
  }
}

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
