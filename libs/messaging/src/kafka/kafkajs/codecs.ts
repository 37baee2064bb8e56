import kafkajs from 'kafkajs';
import lz4 from 'lz4js';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import snappy from 'snappyjs';

/**
 * What other producers compress with, and kafkajs leaves to whoever uses it: without these, one such batch would keep a
 * consumer from everything behind it. Countersign sends nothing compressed.
 */
export function useCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = () => snappyCodec;
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4Codec;
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstdCodec;
}

interface Codec {
  compress(): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

const compress = () => Promise.reject(new Error('nothing is sent compressed'));

const snappyCodec: Codec = {
  compress,
  decompress: async (bytes) => (isFramed(bytes) ? Buffer.concat([...blocksIn(bytes)]) : uncompressed(bytes)),
};

const lz4Codec: Codec = {
  compress,
  async decompress(bytes) {
    if (lz4.decompressBound(bytes) > largestBatch) throw new Error(`a batch of more than ${largestBatch} bytes`);
    return Buffer.from(lz4.decompress(bytes));
  },
};

const zstdCodec: Codec = {
  compress,
  decompress: (bytes) => promisify(zstdDecompress)(bytes, { maxOutputLength: largestBatch }),
};

/** Bytes that a batch may have once it is no longer compressed. */
const largestBatch = 256 * 1024 * 1024;

const uncompressed = (block: Buffer): Buffer => snappy.uncompress(block, largestBatch);

/** How Java's producer frames its blocks, as `SnappyOutputStream` of xerial's snappy-java does; librdkafka does not. */
const framing = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0]);
const framingHeader = framing.length + 8;

const isFramed = (bytes: Buffer): boolean => bytes.subarray(0, framing.length).equals(framing);

function* blocksIn(bytes: Buffer): Generator<Buffer> {
  for (let at = framingHeader; at < bytes.length;) {
    const length = bytes.readInt32BE(at);
    yield uncompressed(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
}
