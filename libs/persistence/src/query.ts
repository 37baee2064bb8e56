import { TerminalError } from '@countersign/contracts/problems';

export type Order = readonly (readonly [field: string, direction: 'asc' | 'desc'])[];

/** A field's name becomes part of a query, so it is checked to be nothing but a name. */
export function fieldName(name: string): string {
  if (/^[a-z_]+$/.test(name)) return name;
  throw new TerminalError('not_storable', `not the name of a field: ${JSON.stringify(name)}`);
}

/**
 * The order with the key as last criterion, in the direction of the one before it, so that one index
 * serves a list forwards and backwards.
 */
export function totalOrder(key: string, order: Order): Order {
  return order.some(([field]) => field === key) ? order : [...order, [key, order.at(-1)?.[1] ?? 'asc']];
}

/** The order that an index of a collection keeps. */
export function indexOrder(key: string, fields: readonly string[]): Order {
  return totalOrder(
    key,
    fields.map((field) => (field.startsWith('-') ? [field.slice(1), 'desc'] : [field, 'asc'])),
  );
}
