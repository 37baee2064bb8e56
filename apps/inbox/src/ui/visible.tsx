import { codePointOf, isHidden } from '@countersign/contracts/visible-text';
import type { ComponentChildren } from 'preact';

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

/** Text that a model or a stranger wrote: nothing in it is invisible or moves what stands beside it. */
export function Visible({ text }: { text: string }) {
  const pieces: ComponentChildren[] = piecesOf(text).map(({ text, hidden }, n) =>
    hidden ? (
      <mark key={n} class="hidden-character" title="A character that shows nothing by itself">
        {text}
      </mark>
    ) : (
      text
    ),
  );
  return <bdi>{pieces}</bdi>;
}
