import { markedLine } from '@countersign/contracts/text';

const shown = 300;

/** The beginning of arguments in one line, to find a call by and not to decide on, such as `service_name auth-service · version 2.1.0`. */
export const summaryOf = (args: Record<string, unknown>): string =>
  markedLine(
    cut(
      Object.entries(args)
        .map(([name, value]) => `${name} ${textOf(value)}`)
        .join(' · '),
    ),
  );

/** The same, to be looked at. */
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
