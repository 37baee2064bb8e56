import fc from 'fast-check';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emptyRoot } from '../merkle/hash.js';
import { openCheckpoint, signCheckpoint } from './checkpoint.js';
import { readKey, writeKey, type Kind } from './keys.js';
import { addSignature, openNote, signNote, type NoteSigner } from './note.js';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');

function signer(name: string, pair: { publicKey: KeyObject; privateKey: KeyObject } = { publicKey, privateKey }) {
  const { x } = pair.publicKey.export({ format: 'jwk' });
  return {
    name,
    kind: 'log' as Kind,
    publicKey: Uint8Array.from(Buffer.from(x!, 'base64url')),
    sign: (message: Uint8Array) => Uint8Array.from(sign(null, message, pair.privateKey)),
  } satisfies NoteSigner;
}

const log = signer('example.com/log');
const other = signer('example.com/other', generateKeyPairSync('ed25519'));
const refused = (code: string) => expect.objectContaining({ name: 'NoteError', code });

describe('a signed note', () => {
  it('is opened with the key of who signed it, as that of the Go checksum database is', async () => {
    const key = readKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
    const text = `If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n`;
    const signature =
      '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';
    const { signatures } = await openNote(`${text}\n${signature}\n`, [key]);
    expect(signatures).toEqual([{ key }]);
    expect(writeKey(key)).toBe('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
  });

  it('says whose signatures are on it, and nothing of those it does not know', async () => {
    const note = await addSignature(await signNote('a text\n\nof two parts\n', log), other);
    expect(await openNote(note, [log, other])).toMatchObject({
      text: 'a text\n\nof two parts\n',
      signatures: [{ key: { name: log.name } }, { key: { name: other.name } }],
    });
    expect((await openNote(note, [other])).signatures).toHaveLength(1);
    await expect(openNote(note, [signer('example.com/third')])).rejects.toEqual(refused('unsigned'));
    await expect(openNote(note, [{ ...other, name: log.name }])).rejects.toEqual(refused('unsigned'));
  });

  it('is refused whichever bit of it is another', async () => {
    const note = await signNote('example.com/log\n7\nroot\n', log);
    const bytes = new TextEncoder().encode(note);
    await fc.assert(
      fc.asyncProperty(fc.nat(8 * bytes.length - 1), async (bit) => {
        const changed = bytes.map((byte, n) => (n === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        await expect(openNote(new TextDecoder().decode(changed), [log])).rejects.toMatchObject({ name: 'NoteError' });
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['', 'a', 'a\n', 'a\n\n', 'a\n\nb\n', 'a\n\n— b c\n', 'a\0\n\n— b AAAAAAAA\n', 'a\r\n\r\n— b AAAAAAAA\r\n'])(
    'is none when it is %j',
    async (note) => {
      await expect(openNote(note, [log])).rejects.toEqual(refused('malformed'));
    },
  );

  it('is not written in a way that could not be read', async () => {
    await expect(signNote('no end', log)).rejects.toEqual(refused('malformed'));
    await expect(signNote('half \ud800\n', log)).rejects.toEqual(refused('malformed'));
    await expect(signNote('a\n', signer('two words'))).rejects.toEqual(refused('malformed'));
  });

  it.each(['', 'name', 'a b+00000000+AQ==', `n+00000000+${'A'.repeat(44)}`, writeKey(log).replace('+', '+0')])(
    'has no key %j',
    (text) => {
      expect(() => readKey(text)).toThrow(/verifier key/);
    },
  );
});

describe('a checkpoint', () => {
  it('says how many entries a log has, and their root', async () => {
    const note = await signCheckpoint({ size: 2 ** 40, root: emptyRoot }, log);
    const size = '1099511627776';
    expect(note.split('\n').slice(0, 4)).toEqual([log.name, size, Buffer.from(emptyRoot).toString('base64'), '']);
    expect(await openCheckpoint(note, log)).toEqual({
      origin: log.name,
      size: 2 ** 40,
      root: emptyRoot,
      witnessed: [],
    });
  });

  it('is witnessed by whoever saw it, and at what time', async () => {
    const note = await signCheckpoint({ size: 1, root: emptyRoot }, log);
    const witness = { ...other, name: 'witness.example', kind: 'witness' as const };
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_700_000_000n);
    const signature = witness.sign(Buffer.from(`cosignature/v1\ntime 1700000000\n${text}`));
    const id = Buffer.from(writeKey(witness).split('+')[1]!, 'hex');
    const line = (of: Uint8Array) => `— ${witness.name} ${Buffer.concat([id, time, of]).toString('base64')}\n`;
    expect(await openCheckpoint(note + line(signature), log, [witness])).toMatchObject({
      witnessed: [{ key: witness, seen_at: 1_700_000_000 }],
    });
    const later = witness.sign(Buffer.from(`cosignature/v1\ntime 1700000001\n${text}`));
    await expect(openCheckpoint(note + line(later), log, [witness])).rejects.toEqual(refused('bad_signature'));
  });

  it('is of the log that signed it, and signed by no one else', async () => {
    const note = await signCheckpoint({ size: 1, root: emptyRoot }, log);
    await expect(openCheckpoint(note, other, [log])).rejects.toEqual(refused('unsigned'));
    const root = Buffer.from(emptyRoot).toString('base64');
    for (const text of [
      `${other.name}\n1\n${root}\n`,
      `${log.name}\n01\n${root}\n`,
      `${log.name}\n-1\n${root}\n`,
      `${log.name}\n1e3\n${root}\n`,
      `${log.name}\n9007199254740993\n${root}\n`,
      `${log.name}\n1\nAAAA\n`,
      `${log.name}\n1\n`,
    ])
      await expect(openCheckpoint(await signNote(text, log), log)).rejects.toEqual(refused('malformed'));
  });
});
