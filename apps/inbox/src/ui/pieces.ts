import { codePointOf, gapsIn, gapText, isHidden, lookalikesIn } from '@countersign/contracts/text';

interface Piece {
  /** Of a hidden character its code, such as `U+202E`. */
  text: string;
  mark: 'hidden' | 'lookalike' | null;
  /** Of what can be seen: how it is to look. */
  look?: string | undefined;
}

/** A part of a text that looks different, from one UTF-16 code unit until before another. */
export interface Span {
  start: number;
  end: number;
  look: string;
}

/**
 * A text in pieces: what can be seen, and each character that cannot, written out. Lines stay lines.
 *
 * @param lookalikes whether characters that are likely to be taken for others are pieces of their own.
 * @param spans in their order, of a text without CRLF.
 */
export function piecesOf(source: string, lookalikes = false, spans: readonly Span[] = []): Piece[] {
  const text = source.replaceAll('\r\n', '\n');
  const found = lookalikes ? lookalikesIn(text) : new Set<number>();
  const gaps = lookalikes ? gapsIn(text) : new Map<number, number>();
  const pieces: Piece[] = [];
  let at = 0;
  let gapUntil = 0;
  let next = 0;
  for (const character of text) {
    const last = pieces.at(-1);
    while (next < spans.length && spans[next]!.end <= at) next += 1;
    const look = spans[next] && spans[next]!.start <= at ? spans[next]!.look : undefined;
    const gap = gaps.get(at);
    if (gap !== undefined) {
      gapUntil = at + gap;
      pieces.push({ text: gapText(gap), mark: 'hidden' });
    }
    if (at < gapUntil) {
      at += character.length;
      continue;
    }
    if (character !== '\n' && isHidden(character)) pieces.push({ text: codePointOf(character), mark: 'hidden' });
    else if (found.has(at)) pieces.push({ text: character, mark: 'lookalike' });
    else if (last?.mark === null && last.look === look) last.text += character;
    else pieces.push({ text: character, mark: null, look });
    at += character.length;
  }
  return pieces;
}
