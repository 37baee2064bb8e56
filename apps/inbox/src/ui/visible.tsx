import { piecesOf } from './pieces.js';

/** Text that a model or a stranger wrote: nothing in it is invisible or moves what stands beside it. */
export const Visible = ({ text }: { text: string }) => (
  <bdi>
    {piecesOf(text).map(({ text, hidden }, n) =>
      hidden ? (
        <mark key={n} class="hidden-character" title="A character that shows nothing by itself">
          {text}
        </mark>
      ) : (
        text
      ),
    )}
  </bdi>
);
