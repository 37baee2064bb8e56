import type { SQLInputValue } from 'node:sqlite';
import type { Condition, Filter } from '../store.js';

/** A `WHERE` clause, empty when nothing is asked, and the values of its parameters. */
export interface Where {
  sql: string;
  values: SQLInputValue[];
}

/** @param columnOf gives the expression of a field. */
export function whereOf<R>(filter: Filter<R>, columnOf: (field: string) => string): Where {
  const tests: string[] = [];
  const values: SQLInputValue[] = [];
  for (const [field, condition] of Object.entries<Condition | undefined>(filter)) {
    if (condition === undefined) continue;
    for (const test of testsOf(condition)) {
      tests.push(test.sql.replaceAll('field', columnOf(field)));
      if (test.value !== undefined) values.push(test.value);
    }
  }
  return { sql: tests.length > 0 ? `WHERE ${tests.join(' AND ')}` : '', values };
}

const bounds = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const;

function testsOf(condition: Condition): { sql: string; value?: SQLInputValue }[] {
  if (condition === null) return [{ sql: 'field IS NULL' }];
  if (typeof condition === 'boolean') return [{ sql: 'field = ?', value: Number(condition) }];
  if (typeof condition !== 'object') return [{ sql: 'field = ?', value: condition }];
  if ('not' in condition) {
    const { not } = condition;
    return [{ sql: 'field IS NOT ?', value: typeof not === 'boolean' ? Number(not) : not }];
  }
  if ('in' in condition) {
    // One parameter however many values, so that statements stay few and prepared.
    const listed = 'field IN (SELECT value FROM json_each(?))';
    const sql = condition.in.includes(null) ? `(${listed} OR field IS NULL)` : listed;
    return [{ sql, value: JSON.stringify(condition.in) }];
  }
  if ('nin' in condition) {
    const sql = '(field IS NULL OR field NOT IN (SELECT value FROM json_each(?)))';
    return [{ sql, value: JSON.stringify(condition.nin) }];
  }
  return Object.entries(bounds).flatMap(([name, operator]) => {
    const value = condition[name as keyof typeof bounds];
    return value === undefined ? [] : [{ sql: `field ${operator} ?`, value }];
  });
}
