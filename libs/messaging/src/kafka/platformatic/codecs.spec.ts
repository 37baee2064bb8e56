import { compressionsAlgorithms } from '@platformatic/kafka';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { limitCodecs } from './codecs.js';
import { kafkaError } from './platformatic-error.js';

beforeAll(() => limitCodecs());
const zeros = Buffer.alloc(257 * 1024 * 1024);
const failure = (codec: 'gzip' | 'snappy' | 'lz4' | 'zstd', bytes: Buffer) => {
  try {
    return void compressionsAlgorithms[codec].decompressSync(bytes);
  } catch (error) {
    return kafkaError(error);
  }
};

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('what %s cannot read ends a session, and no process', (codec) => {
  expect(failure(codec, Buffer.from('no batch, and not the beginning of one'))).toMatchObject({ kind: 'transient' });
});

test.each([
  ['gzip', gzipSync(zeros, { level: 1 })],
  ['zstd', zstdCompressSync(zeros)],
] as const)('a few bytes of %s do not become as many as they like', (codec, bomb) => {
  expect(bomb.length).toBeLessThan(2_000_000);
  expect(failure(codec, bomb)).toMatchObject({ kind: 'transient' });
});
