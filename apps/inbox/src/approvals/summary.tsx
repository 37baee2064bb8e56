import { markedLine } from '@countersign/contracts/text';

const shown = 120;

/** The beginnings of arguments in one line, to find a call by and not to decide on. */
export const Summary = ({ args }: { args: Record<string, unknown> }) => (
  <code class="summary">
    {Object.entries(args).map(([name, value]) => (
      <span key={name}>
        <span class="argument-name">{markedLine(name)}</span> {markedLine(cut(textOf(value)))}{' '}
      </span>
    ))}
  </code>
);

const cut = (text: string): string => (text.length > shown ? `${text.slice(0, shown)}…` : text);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
