import { compressionsAlgorithms, UnsupportedCompressionError } from '@platformatic/kafka';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

/** Bytes that a batch may have once it is no longer compressed, where a few can become very many. */
const maxOutputLength = 256 * 1024 * 1024;

type Decompress = (bytes: Buffer) => Buffer;

/** The client makes as much of a batch as it says, and what cannot be read is an error like any other then. */
export function limitCodecs(): void {
  const { gzip, snappy, lz4, zstd } = compressionsAlgorithms as Record<string, { decompressSync: Decompress }>;
  gzip!.decompressSync = readable((bytes) => gunzipSync(bytes, { maxOutputLength }));
  zstd!.decompressSync = readable((bytes) => zstdDecompressSync(bytes, { maxOutputLength }));
  for (const codec of [snappy!, lz4!]) codec.decompressSync = readable(codec.decompressSync);
}

const readable =
  (decompress: Decompress): Decompress =>
  (bytes) => {
    try {
      return decompress(bytes);
    } catch (cause) {
      throw new UnsupportedCompressionError('a batch cannot be decompressed', { cause: cause as Error });
    }
  };
