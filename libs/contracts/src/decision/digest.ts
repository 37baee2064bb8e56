import { createHash } from 'node:crypto';
import { exactText, type Binding, type ExactCall } from './exact-call.js';

/** The digest that ties a decision to a call: `sha256:` and the hex SHA-256 of its {@link exactText}. */
export const callDigest = (call: ExactCall & Partial<Binding>): string =>
  `sha256:${createHash('sha256').update(exactText(call)).digest('hex')}`;
