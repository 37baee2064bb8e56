/** From a code point to a code point, both included. */
export type Range = readonly [number, number];

export const lastCodePoint = 0x10ffff;

/** JavaScript's `\d`, `\w` and `\s`. RE2's `\s` knows no Unicode spaces. */
export const shorthands: Record<string, readonly Range[]> = {
  d: [[0x30, 0x39]],
  w: [[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]], // prettier-ignore
  s: [[0x09, 0x0d], [0x20, 0x20], [0xa0, 0xa0], [0x1680, 0x1680], [0x2000, 0x200a], [0x2028, 0x2029], [0x202f, 0x202f], [0x205f, 0x205f], [0x3000, 0x3000], [0xfeff, 0xfeff]], // prettier-ignore
};

/** What `.` leaves out. */
export const lineTerminators: readonly Range[] = [[0x0a, 0x0a], [0x0d, 0x0d], [0x2028, 0x2029]]; // prettier-ignore

/** The rest of all code points. @param ranges ascending */
export function complement(ranges: readonly Range[]): Range[] {
  const rest: Range[] = [];
  let next = 0;
  for (const [from, to] of ranges) {
    if (from > next) rest.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= lastCodePoint) rest.push([next, lastCodePoint]);
  return rest;
}

const properties = new Map<string, readonly Range[]>();

/**
 * The code points of a Unicode property, such as `Lu` or `Script=Greek`, as this JavaScript knows them: RE2 has other
 * names, and tables of another version of Unicode.
 */
export function propertyRanges(property: string): readonly Range[] {
  let ranges = properties.get(property);
  if (!ranges) properties.set(property, (ranges = rangesOf(new RegExp(`^\\p{${property}}$`, 'u'))));
  return ranges;
}

function rangesOf(single: RegExp): Range[] {
  const ranges: Range[] = [];
  let from = -1;
  for (let point = 0; point <= lastCodePoint + 1; point += 1) {
    const isIn = point <= lastCodePoint && single.test(String.fromCodePoint(point));
    if (isIn && from < 0) from = point;
    if (!isIn && from >= 0) {
      ranges.push([from, point - 1]);
      from = -1;
    }
  }
  return ranges;
}
