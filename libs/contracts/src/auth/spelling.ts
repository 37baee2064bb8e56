import { longestId } from '../fields/longest-id.js';
import { codePointOf } from '../text/visible-text.js';

/** A text that is not a valid name. The message says why, for its sender. */
export class InvalidSubject extends Error {
  override name = 'InvalidSubject';
}

/**
 * The canonical spelling of a subject. Whatever names a person, a program or a group passes through here once, where it
 * enters; from then on names are compared as they are, and the spelling as entered is only shown.
 *
 * - Compatibility forms become plain (NFKC): `ａｄａ` is `ada`.
 * - White space around it goes, of whatever kind; within it, each run of it is one space, as it is shown.
 * - Case is folded as Unicode's CaseFolding does with C and F: `ß`, `ẞ` and `SS` are one, and so are `ς` and `σ`. The
 *   Turkish `ı` stays another letter than `i`: it is one, and two people must not become one either.
 *
 * Letters of two scripts that look alike stay different; marking them is for whoever shows them.
 *
 * @returns such that `canonicalSubject(canonicalSubject(x)) === canonicalSubject(x)`.
 * @throws InvalidSubject when it is empty, too long, or has characters that are invisible or not assigned yet,
 * whose case is unknown.
 */
export function canonicalSubject(text: string): string {
  if (plain.test(text) && text.length <= longestId) return text.toLowerCase();
  const subject = foldedText(text);
  const unseen = invisible.exec(subject)?.[0];
  if (unseen !== undefined)
    throw new InvalidSubject(`a name must not contain ${codePointOf(unseen)}, which is invisible`);
  if (subject === '') throw new InvalidSubject('a name must not be empty');
  if (subject.length > longestId)
    throw new InvalidSubject(`a name must have at most ${longestId} characters, and this has ${subject.length}`);
  return subject;
}

/** Any text as names are compared: compatibility forms made plain, case folded, white space around it gone. */
export function foldedText(text: string): string {
  let result = folded(text);
  for (let next = folded(result); next !== result; next = folded(result)) result = next;
  return result;
}

/** What nearly every name is: visible ASCII, in which there is nothing else to do. */
const plain = /^[!-~]+$/;

/** Control, format, private, unassigned and half characters, separators of lines, fillers, and the blank of Braille. */
const invisible = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

const folded = (text: string): string =>
  [...text.normalize('NFKC')].map(foldedCase).join('').normalize('NFKC').trim().replaceAll(/\s+/g, spaced);

/** What breaks a line stays, to be refused. */
const spaced = (space: string): string => (/^[\p{Zs}]+$/u.test(space) ? ' ' : space);

/** JavaScript has no folding of case; upper case is what unites `ß` with `SS` and `ſ` with `s`. */
const foldedCase = (character: string): string =>
  character === 'ı' ? character : [...character.toLowerCase().toUpperCase()].map((each) => each.toLowerCase()).join('');
