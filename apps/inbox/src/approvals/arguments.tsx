import { canonicalJson } from '@countersign/contracts/json';
import { Note } from '../ui/notes.js';
import { Visible } from '../ui/visible.js';
import type { Change } from './decision/changes.js';

interface ArgumentsProps {
  args: Record<string, unknown>;
  digest?: string;
  /** Whether the digest was found to be that of the call; null: that was not looked at. */
  verified?: boolean | null;
}

/** Arguments as people read them, and as the exact bytes that are signed and run. */
export function Arguments({ args, digest, verified = null }: ArgumentsProps) {
  const entries = Object.entries(args);
  return (
    <>
      {entries.length > 0 && (
        <dl class="arguments">
          {entries.map(([name, value]) => (
            <div key={name}>
              <dt>
                <Visible exact text={name} />
              </dt>
              <dd>
                <Value of={value} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {verified === false && (
        <Note tone="bad">
          The digest that a decision signs is not of the call that is shown here. Do not approve it.
        </Note>
      )}
      <figure class="bytes">
        <figcaption>
          Exactly these bytes
          {digest && (
            <span class="digest" title={verified ? `${digest}, recomputed from the arguments shown here` : digest}>
              {verified === true && '✓ '}
              {digest.slice(0, 19)}…
            </span>
          )}
        </figcaption>
        <pre tabIndex={0}>
          <Visible exact text={canonicalJson(args)} />
        </pre>
      </figure>
    </>
  );
}

const Value = ({ of }: { of: unknown }) =>
  typeof of === 'string' ? (
    <Visible exact text={of} />
  ) : (
    <code>
      <Visible exact text={readable(of)} />
    </code>
  );

const oneLine = 60;

const readable = (value: unknown): string => {
  const short = JSON.stringify(value);
  return short.length > oneLine ? JSON.stringify(value, null, 2) : short;
};

/** What an edit changes. */
export function Changes({ changes, title }: { changes: readonly Change[]; title: string }) {
  if (changes.length === 0) return null;
  return (
    <figure class="changes">
      <figcaption>{title}</figcaption>
      <dl>
        {changes.map(({ name, before, after }) => (
          <div key={name}>
            <dt>
              <Visible exact text={name} />
            </dt>
            {before !== undefined && (
              <dd>
                <del>
                  <Visible exact text={before} />
                </del>
              </dd>
            )}
            {after !== undefined && (
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
