export { emptyRoot, leafHash, type Hash } from './merkle/hash.js';
export { Frontier, type Completed } from './merkle/frontier.js';
export { nodesOf, type Node } from './merkle/nodes.js';
export { proveConsistency, proveInclusion, rootAt, type ReadHashes } from './merkle/prove.js';
export { includes, isConsistent } from './merkle/verify.js';
export { openCheckpoint, signCheckpoint, type Checkpoint } from './notes/checkpoint.js';
export { readKey, writeKey, type NoteKey } from './notes/keys.js';
export { addSignature, NoteError, openNote, signNote, type NoteSigner, type Verified } from './notes/note.js';
