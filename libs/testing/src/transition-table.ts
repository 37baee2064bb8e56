import type { EpochMillis } from '@countersign/contracts/time';
import type { Decide } from '@countersign/persistence';
import { describe, expect, it } from 'vitest';
import { deepFreeze } from './deep-freeze.js';

export interface TransitionTable<S extends { status: string }, M> {
  decide: Decide<S, M>;
  now: EpochMillis;
  /** The columns: a record in each state. */
  states: Record<string, S | undefined>;
  /** The rows: a message of each kind. */
  messages: Record<string, M>;
  /**
   * Markdown: a row for each message, a column for each state. A cell is the status after a change and a mark when
   * it emits anything, or `-` for ignored, or `x` for rejected.
   */
  table: string;
  /** What each mark stands for: the events in order. */
  emits: Record<string, readonly string[]>;
}

/** One test for each cell: what becomes of this message in this state. Inputs are frozen, so changing one fails. */
export function describeTransitions<S extends { status: string }, M>(of: TransitionTable<S, M>): void {
  const { states, messages, decide, now } = of;
  const [[, ...columns] = [], , ...rows] = cellsOf(of.table);
  it('is written down for every message in every state', () => {
    expect(columns).toEqual(Object.keys(states));
    expect(rows.map(([message]) => message)).toEqual(Object.keys(messages));
    for (const row of rows) expect(row).toHaveLength(columns.length + 1);
  });

  for (const [message = '', ...cells] of rows) {
    describe(message, () => {
      it.each(columns.map((column, n) => [column, cells[n]!]))('%s → %s', (column, cell) => {
        const [state, received] = deepFreeze([states[column], messages[message]!] as const);
        const transition = decide(state, received, now);
        const outcome =
          transition.kind === 'changed'
            ? { status: transition.state.status, emits: transition.events.map(({ type }) => type) }
            : transition.kind;
        expect(outcome).toEqual(outcomeIn(cell, of.emits));
      });
    });
  }
}

const cellsOf = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

function outcomeIn(cell: string, emits: TransitionTable<never, never>['emits']) {
  if (cell === '-') return 'ignored';
  if (cell === 'x') return 'rejected';
  const [status, mark] = cell.split(' ');
  return { status, emits: mark === undefined ? [] : emits[mark] };
}
