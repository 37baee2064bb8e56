import { canonicalJson } from '@countersign/contracts/json';
import { presentCall, type PresentableCall } from '@countersign/contracts/presentation';
import { Note } from '../ui/notes.js';
import { Visible } from '../ui/visible.js';
import { BlockView, isWide } from './block-view.js';
import type { Change } from './changes.js';

interface ArgumentsProps {
  call: PresentableCall;
  digest?: string;
  /** Whether the digest was found to be that of the call; null: that was not looked at. */
  verified?: boolean | null;
}

/** All arguments of a call as people read them, and as the exact bytes that are signed and run. */
export function Arguments({ call, digest, verified = null }: ArgumentsProps) {
  const { args } = presentCall(call);
  return (
    <div class="call">
      {args.length > 0 ? (
        <dl class="arguments">
          {args.map(({ name, block, isFirst }) => (
            <div key={name} class={`${isWide(block) ? 'is-wide' : ''} ${isFirst ? 'is-first' : ''}`}>
              <dt>
                <Visible exact text={name} />
              </dt>
              <dd>
                <BlockView block={block} />
              </dd>
            </div>
          ))}
        </dl>
      ) : (
        <p class="arguments muted">Without arguments.</p>
      )}
      {verified === false && (
        <Note tone="bad">
          The digest that a decision signs is not of the call that is shown here. Do not approve it.
        </Note>
      )}
      <details class="bytes">
        <summary>
          Exactly these bytes
          {digest && (
            <span class="digest" title={verified ? `${digest}, recomputed from the arguments shown here` : digest}>
              {verified === true && '✓ '}
              {digest.slice(0, 19)}…
            </span>
          )}
        </summary>
        <pre tabIndex={0}>
          <Visible exact text={canonicalJson(call.tool_args)} />
        </pre>
      </details>
    </div>
  );
}

/** What an edit changes. */
export function Changes({ changes, title }: { changes: readonly Change[]; title: string }) {
  if (changes.length === 0) return null;
  return (
    <figure class="changes">
      <figcaption>{title}</figcaption>
      <dl>
        {changes.map(({ name, before, after, lines }) => (
          <div key={name}>
            <dt>
              <Visible exact text={name} />
            </dt>
            {lines && (
              <dd>
                <BlockView block={{ kind: 'diff', lines }} />
              </dd>
            )}
            {before !== undefined && !lines && (
              <dd>
                <del>
                  <Visible exact text={before} />
                </del>
              </dd>
            )}
            {after !== undefined && !lines && (
              <dd>
                <ins>
                  <Visible exact text={after} />
                </ins>
              </dd>
            )}
          </div>
        ))}
      </dl>
    </figure>
  );
}
