declare module 'lz4js' {
  const lz4: {
    decompress(bytes: Uint8Array): Uint8Array;
    /** How many bytes `decompress` makes at the most. */
    decompressBound(bytes: Uint8Array): number;
  };
  export default lz4;
}

declare module 'snappyjs' {
  const snappy: {
    compress(bytes: Buffer): Buffer;
    /** @throws when that makes more than `maxLength` bytes. */
    uncompress(bytes: Buffer, maxLength: number): Buffer;
  };
  export default snappy;
}
