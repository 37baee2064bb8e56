import { sha256Hex } from '#sha256';
import { exactText, type Binding, type ExactCall } from './exact-call.js';

/** The digest that ties a decision to a call: `sha256:` and the hex SHA-256 of its {@link exactText}. */
export const callDigest = (call: ExactCall & Partial<Binding>): string => `sha256:${sha256Hex(exactText(call))}`;
