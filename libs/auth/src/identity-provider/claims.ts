import { Role, Subject } from '@countersign/contracts/auth';
import type { JWTPayload } from 'jose';
import { type Identity } from '../principal.js';

export interface ClaimNames {
  subjectClaim: string;
  rolesClaim: string;
  groupsClaim: string;
}

/** Who a token speaks of; undefined when it does not say, or says so by an address that was never verified. */
export function identityIn(payload: JWTPayload, names: ClaimNames): Identity | undefined {
  const display_name = claimIn(payload, names.subjectClaim);
  const subject = Subject.safeParse(display_name).data;
  if (subject === undefined) return undefined;
  if (names.subjectClaim === 'email' && !isVerified(payload['email_verified'])) return undefined;
  return {
    subject,
    display_name: display_name as string,
    roles: listIn(payload, names.rolesClaim).flatMap((name) => Role.safeParse(name).data ?? []),
    groups: listIn(payload, names.groupsClaim),
  };
}

/** Some providers never say; some say it as a text. */
const isVerified = (claim: unknown): boolean => claim === undefined || claim === true || claim === 'true';

const listIn = (payload: JWTPayload, name: string): string[] =>
  [claimIn(payload, name)].flat().filter((each): each is string => typeof each === 'string' && each !== '');

/** The claim of this name, dots and all; else what the dots lead to. */
function claimIn(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name.split('.').reduce<unknown>((value, part) => {
    const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    return inside ? (value as Record<string, unknown>)[part] : undefined;
  }, payload);
}
