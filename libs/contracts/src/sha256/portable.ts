import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';

/** What `#sha256` is everywhere else: browsers have SHA-256 themselves, but only for whoever can wait. */
export const sha256Hex = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));
