import { codePointOf, isHidden } from '@countersign/contracts/visible-text';

interface Piece {
  text: string;
  hidden: boolean;
}

/** A text in pieces: what can be seen, and each character that cannot, written out. Lines stay lines. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const character of text.replaceAll('\r\n', '\n')) {
    const last = pieces.at(-1);
    if (character !== '\n' && isHidden(character)) pieces.push({ text: codePointOf(character), hidden: true });
    else if (last && !last.hidden) last.text += character;
    else pieces.push({ text: character, hidden: false });
  }
  return pieces;
}
