import { Visible } from '../ui/visible.js';

/** The words of a model are what it says, and no more than that. */
export function Why({ context }: { context: Record<string, unknown> }) {
  const { reason, input, external } = context;
  const who = external ? 'agent' : 'model';
  return (
    <>
      {typeof reason === 'string' && reason !== '' ? (
        <blockquote class="model-words">
          <Visible exact text={reason} />
          <footer>The {who}’s own words, not verified.</footer>
        </blockquote>
      ) : (
        <p class="muted">The {who} gave no reason.</p>
      )}
      {isObject(external) && <FromElsewhere {...external} />}
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

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** What an agent that runs elsewhere says of itself and of why. */
function FromElsewhere({ framework, context }: Record<string, unknown>) {
  return (
    <div class="request">
      <h3>Asked from elsewhere</h3>
      <p class="muted">
        The agent runs outside of Countersign
        {typeof framework === 'string' && (
          <>
            , it says with{' '}
            <q>
              <Visible exact text={framework} />
            </q>
          </>
        )}
        . What it says is not verified.
      </p>
      {isObject(context) && (
        <pre class="model-words">
          <Visible exact text={JSON.stringify(context, null, 2)} />
        </pre>
      )}
    </div>
  );
}
