import { codePointOf } from '@countersign/contracts/text';
import { piecesOf } from './pieces.js';

interface VisibleProps {
  text: string;
  /** Whether it is decided on, so that confusable characters are marked too. */
  exact?: boolean;
}

/** Text that a model or a stranger wrote: nothing in it is invisible or moves what stands beside it. */
export const Visible = ({ text, exact = false }: VisibleProps) => (
  <bdi>
    {piecesOf(text, exact).map(({ text, mark }, n) => {
      if (mark === null) return text;
      return mark === 'hidden' ? (
        <mark key={n} class="hidden-character" title="An invisible character">
          {text}
        </mark>
      ) : (
        <mark
          key={n}
          class="lookalike-character"
          data-code={codePointOf(text)}
          title={`${codePointOf(text)}: easily taken for another character`}
        >
          {text}
        </mark>
      );
    })}
  </bdi>
);
