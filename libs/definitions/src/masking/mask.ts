/** Masks secrets. */
export interface Mask {
  (text: string): string;
  /** For a text that comes in pieces. */
  stream?(): MaskedStream;
}

/** A text that comes in pieces, without secrets, also where one begins in one piece and ends in another. */
export interface MaskedStream {
  /** @returns what may be read so far and was not returned yet: what may be the beginning of a secret waits for the rest. */
  add(text: string): string;
  /** @returns what is left when nothing more comes. */
  end(): string;
}

/** Where something stands in a text: from, and before. */
type Interval = readonly [number, number];

const hidden = '***';

/** Hides these wherever they stand; where they overlap, all of it. @param secrets or what says them, when they may change */
export function maskOf(secrets: readonly string[] | (() => readonly string[])): Mask {
  const all = typeof secrets === 'function' ? secrets : () => secrets;
  const mask = (text: string): string => hide(text, found(text, all()));
  return Object.assign(mask, { stream: () => streamOf(all, mask) });
}

function streamOf(secrets: () => readonly string[], mask: Mask): MaskedStream {
  let held = '';
  return {
    add(text) {
      const all = held + text;
      const until = settledUntil(all, secrets());
      held = all.slice(until);
      return mask(all.slice(0, until));
    },
    end() {
      const rest = mask(held);
      held = '';
      return rest;
    },
  };
}

/** How much of a text is final, whatever follows. */
function settledUntil(text: string, secrets: readonly string[]): number {
  const open = Math.max(0, ...secrets.map((secret) => begun(text, secret)));
  // What is found whole is not cut in two.
  const across = (at: number) => found(text, secrets).find(([from, to]) => from < at && to > at)?.[0];
  let until = text.length - open;
  for (let from = across(until); open > 0 && from !== undefined; from = across(until)) until = from;
  return until;
}

/** How many characters at the end of the text may be the beginning of the secret. */
function begun(text: string, secret: string): number {
  const first = secret.charAt(0);
  const from = Math.max(0, text.length - secret.length + 1);
  for (let at = text.indexOf(first, from); at >= 0; at = text.indexOf(first, at + 1))
    if (secret.startsWith(text.slice(at))) return text.length - at;
  return 0;
}

/** Where secrets stand, in order; those that overlap or touch as one. */
function found(text: string, secrets: readonly string[]): Interval[] {
  const all: Interval[] = [];
  for (const secret of secrets)
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) all.push([at, at + secret.length]);
  const merged: [number, number][] = [];
  for (const [from, to] of all.toSorted(([one], [other]) => one - other)) {
    const last = merged.at(-1);
    if (last && from < last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function hide(text: string, intervals: readonly Interval[]): string {
  let shown = '';
  let at = 0;
  for (const [from, to] of intervals) {
    shown += text.slice(at, from) + hidden;
    at = to;
  }
  return shown + text.slice(at);
}
