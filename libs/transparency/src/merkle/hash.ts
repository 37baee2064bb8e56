import { sha256 } from '#sha256';

/** 32 bytes of SHA-256. */
export type Hash = Uint8Array;

const [leafPrefix, nodePrefix] = [Uint8Array.of(0), Uint8Array.of(1)];

/** Of the tree without leaves. */
export const emptyRoot: Hash = sha256();

/** The hash of an entry; its prefix keeps an inner node from being taken for one. RFC 9162, 2.1.1. */
export const leafHash = (entry: Uint8Array): Hash => sha256(leafPrefix, entry);

export const nodeHash = (left: Hash, right: Hash): Hash => sha256(nodePrefix, left, right);

/** Not in constant time: no hash of a log is a secret. */
export const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, n) => byte === b[n]);
