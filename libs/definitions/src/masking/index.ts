export { type Mask, type MaskedStream, maskOf } from './mask.js';
export { KnownSecrets, maskFor, redactedIn, secretsIn } from './secrets.js';
export { entriesFor, hiddenArguments } from './hidden-arguments.js';
