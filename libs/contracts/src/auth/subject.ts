import { z } from 'zod';
import { longestId } from '../fields/longest-id.js';
import { canonicalSubject, InvalidSubject } from './spelling.js';

/** A name of a person, a program or a group, in the one spelling that is compared. */
export const Subject = z
  .string()
  .min(1)
  .max(longestId)
  .transform((text, context) => {
    try {
      return canonicalSubject(text);
    } catch (error) {
      if (!(error instanceof InvalidSubject)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

/** Whether two texts name the same. An invalid name is equal to none. */
export function isSameSubject(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => Subject.safeParse(text).data);
  return one !== undefined && one === other;
}
