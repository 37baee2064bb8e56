import {
  Frontier,
  leafHash,
  proveConsistency,
  signCheckpoint,
  writeKey,
  type NoteSigner,
} from '@countersign/transparency';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkContinues } from './check.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer: NoteSigner = {
  name: 'log',
  kind: 'log',
  publicKey: Uint8Array.from(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')),
  sign: (message) => Uint8Array.from(sign(null, message, privateKey)),
};
const trust = writeKey(signer);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** A log of these entries, with all that a server answers about it. */
function logOf(entries: readonly string[]) {
  const frontier = new Frontier(0, []);
  const nodes = new Map<string, Uint8Array>();
  const roots = [frontier.root];
  for (const entry of entries) {
    for (const { level, index, hash } of frontier.append(leafHash(Buffer.from(entry))))
      nodes.set(`${level}/${index}`, hash);
    roots.push(frontier.root);
  }
  const read = async (wanted: readonly { level: number; index: number }[]) =>
    wanted.map(({ level, index }) => nodes.get(`${level}/${index}`)!);
  const at = async (size: number) => {
    const root = roots[size]!;
    return { origin: 'log', size, root: base64(root), note: await signCheckpoint({ size, root }, signer) };
  };
  return {
    at,
    checkpoint: () => at(entries.length),
    consistency: async (from: number, to = entries.length) => ({
      from,
      to,
      proof: (await proveConsistency(from, to, read)).map(base64),
    }),
  };
}

const entries = Array.from({ length: 20 }, (_, n) => `entry ${n}`);
const log = logOf(entries);
const kept = async (...sizes: number[]) =>
  (await Promise.all(sizes.map(async (size) => `${JSON.stringify(await log.at(size))}\n`))).join('');

describe('a record that is compared with checkpoints that were kept', () => {
  it('goes on from the largest, or from each', async () => {
    const text = await kept(3, 17, 8);
    expect(await checkContinues(text, trust, log)).toEqual({ broken: null, compared: 1, size: 20 });
    expect(await checkContinues(text, trust, log, true)).toEqual({ broken: null, compared: 3, size: 20 });
    expect(await checkContinues(await kept(20, 0), trust, log, true)).toMatchObject({ broken: null });
  });

  it.each([
    ['an entry was changed', entries.with(2, 'another'), /first 17 entries are not/],
    ['an entry was taken away', entries.toSpliced(4, 1), /first 17 entries are not/],
    ['the end was lost', entries.slice(0, 16), /had 17 entries, and has 16/],
    ['two changed places', entries.with(0, entries[1]!).with(1, entries[0]!), /first 17 entries are not/],
  ])('does not where %s, and all of it was signed anew', async (_, other, message) => {
    const { broken } = await checkContinues(await kept(3, 17), trust, logOf(other));
    expect(broken).toEqual({ line: 2, message: expect.stringMatching(message) });
  });

  it('does not from a checkpoint of another history that was shown to somebody', async () => {
    const forked = JSON.stringify(await logOf(entries.with(1, 'another')).at(3));
    const text = `${await kept(17)}${forked}\n`;
    expect(await checkContinues(text, trust, log)).toMatchObject({ broken: null });
    expect(await checkContinues(text, trust, log, true)).toMatchObject({ broken: { line: 2 } });
  });

  it.each(['', 'no JSON\n', '{"note":"log\\n3\\n"}\n'])('does not by a file of %j', async (text) => {
    expect(await checkContinues(text, trust, log)).toMatchObject({ broken: { line: 1 } });
  });
});
