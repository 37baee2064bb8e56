import { visibleText, visibleLine } from '@countersign/contracts/text';
import type { Screen } from './screen.js';
import { clip, widthOf, wrapped } from './text-width.js';

export interface Column<T> {
  title: string;
  /** Whatever it is, it is shown in one line, with hidden characters written out. */
  value(row: T): string;
  style?(row: T): Parameters<Screen['paint']>[0];
  /** Gives way when a terminal is too narrow for all of it. */
  shrinks?: boolean;
  /** Is left out when that would leave too little of what gives way. */
  isExtra?: boolean;
}

const gap = '  ';
/** What is left at least of a column that gives way, with extra columns and without. */
const [enough, narrowest] = [30, 12];

/** Aligned columns under a line of titles. */
export function table<T>(screen: Screen, columns: readonly Column<T>[], rows: readonly T[]): string[] {
  const cells = columns.map(({ title, value, style, ...column }) => {
    const texts = rows.map((row) => visibleLine(value(row)));
    return { ...column, title, style, texts, width: Math.max(...[title, ...texts].map(widthOf)) };
  });
  const shown = fitting(cells, screen.width ?? Infinity);
  const line = (textOf: (cell: (typeof shown)[number]) => string) =>
    shown
      .map((cell, n) => (n === shown.length - 1 ? textOf(cell) : padded(textOf(cell), cell.width)))
      .join(gap)
      .trimEnd();
  const body = rows.map((row, r) =>
    line(({ texts, width, style }) => {
      const text = clip(texts[r]!, width);
      const look = style?.(row);
      return look ? screen.paint(look, text) : text;
    }),
  );
  return [line(({ title, width }) => screen.paint('dim', clip(title, width))), ...body];
}

/** Names and values below each other; a value of several lines is indented. What is null is left out. */
export function fields(screen: Screen, entries: Record<string, string | null | undefined>): string[] {
  const known = Object.entries(entries).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const names = Math.max(...known.map(([name]) => name.length));
  const indent = ' '.repeat(names + gap.length);
  const room = (screen.width ?? Infinity) - indent.length;
  return known.flatMap(([name, value]) => {
    const lines = visibleText(value)
      .split('\n')
      .flatMap((line) => wrapped(line, room));
    const label = screen.paint('dim', name.padEnd(names)) + gap;
    return lines.map((line, n) => `${n === 0 ? label : indent}${line}`.trimEnd());
  });
}

interface Width {
  width: number;
  shrinks?: boolean;
  isExtra?: boolean;
}

/** The columns that there is room for: extra ones are left out from the last on, and one of the others is narrowed. */
function fitting<C extends Width>(columns: readonly C[], available: number): C[] {
  const excess = columns.reduce((sum, { width }) => sum + width + gap.length, -gap.length) - available;
  const flexible = columns.find(({ shrinks }) => shrinks);
  if (excess <= 0 || !flexible) return [...columns];
  const extra = columns.findLast(({ isExtra }) => isExtra);
  const room = flexible.width - excess;
  if (room < Math.min(enough, flexible.width) && extra)
    return fitting(
      columns.filter((each) => each !== extra),
      available,
    );
  return columns.map((each) => (each === flexible ? { ...each, width: Math.max(narrowest, room) } : each));
}

/** Styles take no room. */
const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));
