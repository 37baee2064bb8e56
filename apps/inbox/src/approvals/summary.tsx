import { visibleLine } from '@countersign/contracts/visible-text';

const shown = 300;

/** Arguments in one line, such as `service_name auth-service · version 2.1.0`. */
export const summaryOf = (args: Record<string, unknown>): string =>
  visibleLine(
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
        <span class="argument-name">{visibleLine(name)}</span> {visibleLine(cut(textOf(value)))}{' '}
      </span>
    ))}
  </code>
);

const cut = (text: string): string => (text.length > shown ? `${text.slice(0, shown)}…` : text);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
