import { numberedLines, type Block, type DiffLine, type Language } from '@countersign/contracts/presentation';
import { useEffect, useState } from 'preact/hooks';
import type { Span } from '../ui/pieces.js';
import { Visible } from '../ui/visible.js';
import { spansIn } from './highlighting.js';

/** One value, all of it, as what it is. */
export function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case 'line':
      return block.text === '' ? <span class="muted">(empty)</span> : <Visible exact text={block.text} />;
    case 'literal':
      return <code>{block.text}</code>;
    case 'url':
      return <Url {...block} />;
    case 'code':
      return <Code language={block.language} lines={block.lines} />;
    case 'diff':
      return <Diff lines={block.lines} />;
    case 'argv':
      return (
        <code class="argv">
          {block.words.map((word, n) => (
            <span key={n}>
              <Visible exact text={/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)} />{' '}
            </span>
          ))}
        </code>
      );
    case 'list':
      return block.items.length === 0 ? (
        <code>[]</code>
      ) : (
        <ol class="items">
          {block.items.map((item, n) => (
            <li key={n}>
              <BlockView block={item} />
            </li>
          ))}
        </ol>
      );
    case 'fields':
      return <Fields {...block} />;
    default:
      return block satisfies never;
  }
}

/** Whether it takes the whole width. */
export const isWide = ({ kind }: Block): boolean => ['code', 'diff', 'fields', 'list', 'argv'].includes(kind);

function Url({ before, host, after, leadsTo }: Extract<Block, { kind: 'url' }>) {
  return (
    <span class="url">
      <Visible exact text={before} />
      <strong>
        <Visible exact text={host} />
      </strong>
      <Visible exact text={after} />
      {host.toLowerCase() !== leadsTo && <span class="leads-to"> leads to {leadsTo}</span>}
    </span>
  );
}

const Fields = ({ fields, isText }: Extract<Block, { kind: 'fields' }>) => (
  <>
    {isText && <span class="code-head">JSON text</span>}
    {fields.length === 0 ? (
      <code>{'{}'}</code>
    ) : (
      <dl class="tree">
        {fields.map(({ name, block }) => (
          <div key={name} class={isWide(block) ? 'is-wide' : ''}>
            <dt>
              <Visible exact text={name} />
            </dt>
            <dd>
              <BlockView block={block} />
            </dd>
          </div>
        ))}
      </dl>
    )}
  </>
);

const count = (lines: number): string => `${lines} ${lines === 1 ? 'line' : 'lines'}`;

/** Long lines are wrapped: what is beyond an edge is not seen. */
function Code({ language, lines }: { language: Language; lines: readonly string[] }) {
  const spans = useSpans(language, lines);
  return (
    <div class="code">
      <span class="code-head">
        {language === 'text' ? '' : `${language}, `}
        {count(lines.length)}
      </span>
      {numberedLines(lines).map((line) =>
        'emptyUntil' in line ? (
          <EmptyLines key={line.number} {...line} />
        ) : (
          <CodeLine key={line.number} number={line.number} text={line.text} spans={spans?.[line.number - 1]} />
        ),
      )}
    </div>
  );
}

/** What stands out of each line, once that is known. */
function useSpans(language: Language, lines: readonly string[]): Span[][] | undefined {
  const text = lines.join('\n');
  const [found, setFound] = useState<{ text: string; spans: Span[][] | undefined }>();
  useEffect(() => {
    let isShown = true;
    void spansIn(language, lines).then((spans) => isShown && setFound({ text, spans }));
    return () => (isShown = false);
  }, [language, text]);
  return found?.text === text ? found.spans : undefined;
}

function Diff({ lines }: { lines: readonly DiffLine[] }) {
  const kindOf = (number: number) => lines[number - 1]!.kind;
  const changed = (kind: DiffLine['kind']) => lines.filter((line) => line.kind === kind).length;
  return (
    <div class="code diff">
      <span class="code-head">
        diff, {changed('added')} added, {changed('removed')} removed
      </span>
      {numberedLines(lines.map(({ text }) => text)).map((line) =>
        'emptyUntil' in line ? (
          <EmptyLines key={line.number} {...line} />
        ) : (
          <CodeLine key={line.number} number={line.number} text={line.text} look={kindOf(line.number)} />
        ),
      )}
    </div>
  );
}

const EmptyLines = ({ number, emptyUntil }: { number: number; emptyUntil: number }) => (
  <div class="code-line is-gap">
    <span class="line-number">{number}</span>
    <span>{emptyUntil - number + 1} empty lines</span>
  </div>
);

interface CodeLineProps {
  number: number;
  text: string;
  look?: string;
  spans?: readonly Span[] | undefined;
}

/** Tabs that indent are ordinary in code; any other is marked. */
function CodeLine({ number, text, look = '', spans = [] }: CodeLineProps) {
  const indent = /^[-+ ]?\t*/.exec(text)![0];
  const moved = spans.map(({ start, end, look }) => ({ start: start - indent.length, end: end - indent.length, look }));
  return (
    <div class={`code-line ${look && `is-${look}`}`}>
      <span class="line-number">{number}</span>
      <code>
        {indent}
        <Visible exact text={text.slice(indent.length)} spans={moved} />
      </code>
    </div>
  );
}
