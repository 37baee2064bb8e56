import { codePointOf } from '@countersign/contracts/text';
import { piecesOf, type Span } from './pieces.js';

interface VisibleProps {
  text: string;
  /** Whether it is decided on, so that confusable characters are marked too. */
  exact?: boolean;
  /** Parts that look different. */
  spans?: readonly Span[] | undefined;
}

/** Text that a model or a stranger wrote: nothing in it is invisible or moves what stands beside it. */
export const Visible = ({ text, exact = false, spans }: VisibleProps) => (
  <bdi>
    {piecesOf(text, exact, spans).map(({ text, mark, look }, n) => {
      if (mark === null)
        return look === undefined ? (
          text
        ) : (
          <span key={n} class={look}>
            {text}
          </span>
        );
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
