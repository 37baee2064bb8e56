import { Visible } from '../ui/visible.js';

/** The words of a model are what it says, and no more than that. */
export function Why({ context }: { context: Record<string, unknown> }) {
  const { reason, input } = context;
  return (
    <>
      {typeof reason === 'string' && reason !== '' ? (
        <blockquote class="model-words">
          <Visible exact text={reason} />
          <footer>The model’s own words, not verified.</footer>
        </blockquote>
      ) : (
        <p class="muted">The model gave no reason.</p>
      )}
      {typeof input === 'string' && (
        <div class="request">
          <h3>Input of the run</h3>
          <p>
            <Visible text={input} />
          </p>
        </div>
      )}
    </>
  );
}
