import { visible, visibleLine } from '@countersign/contracts';
import getWidth from 'fast-string-truncated-width';
import type { Screen } from './screen.js';

export interface Column<T> {
  title: string;
  /** Whatever it is, it is shown in one line, with hidden characters written out. */
  value(row: T): string;
  style?(row: T): Parameters<Screen['paint']>[0];
  /** Gives way when a terminal is too narrow for all of it. */
  shrinks?: boolean;
}

const gap = '  ';
const narrowest = 12;

/** Aligned columns under a line of titles. */
export function table<T>(screen: Screen, columns: readonly Column<T>[], rows: readonly T[]): string[] {
  const cells = rows.map((row) => columns.map(({ value }) => visibleLine(value(row))));
  const widths = columns.map(({ title }, n) => Math.max(...[title, ...cells.map((row) => row[n]!)].map(widthOf)));
  shrink(columns, widths, screen.width);
  const line = (texts: readonly string[], paint: (text: string, n: number) => string) =>
    texts
      .map((text, n) => paint(fit(text, widths[n]!, n === texts.length - 1), n))
      .join(gap)
      .trimEnd();
  const title = line(
    columns.map(({ title }) => title),
    (text) => screen.paint('dim', text),
  );
  const body = rows.map((row, r) =>
    line(cells[r]!, (text, n) => {
      const style = columns[n]!.style?.(row);
      return style ? screen.paint(style, text) : text;
    }),
  );
  return [title, ...body];
}

/** Names and values below each other; a value of several lines is indented. What is null is left out. */
export function fields(screen: Screen, entries: Record<string, string | null | undefined>): string[] {
  const known = Object.entries(entries).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const width = Math.max(...known.map(([name]) => name.length));
  return known.flatMap(([name, value]) => {
    const [first = '', ...rest] = visible(value).split('\n');
    const indent = ' '.repeat(width + gap.length);
    return [
      `${screen.paint('dim', name.padEnd(width))}${gap}${first}`.trimEnd(),
      ...rest.map((line) => `${indent}${line}`.trimEnd()),
    ];
  });
}

const widthOf = (text: string): number => getWidth(text).width;

function shrink(columns: readonly Column<never>[], widths: number[], available: number | undefined): void {
  const flexible = columns.findIndex(({ shrinks }) => shrinks);
  if (available === undefined || flexible < 0) return;
  const total = widths.reduce((sum, width) => sum + width + gap.length, -gap.length);
  widths[flexible] = Math.max(narrowest, widths[flexible]! - Math.max(0, total - available));
}

const fit = (text: string, width: number, isLast: boolean): string => {
  const shown = clip(text, width);
  return isLast ? shown : shown + ' '.repeat(Math.max(0, width - widthOf(shown)));
};

/** The text, or its beginning when it is wider than so many columns. */
export function clip(text: string, width: number): string {
  const { index, ellipsed } = getWidth(text, { limit: width, ellipsis: '…' });
  return ellipsed ? `${text.slice(0, index)}…` : text;
}
