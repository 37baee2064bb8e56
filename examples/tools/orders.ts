import { defineTool } from '@countersign/tool';
import { z } from 'zod';

interface Order {
  item: string;
  paid_cents: number;
  refunded_cents: number;
}

/**
 * An example: the orders are made up, and are as they were again whenever a process starts. The runner looks them up and
 * the executor refunds them, so in processes of their own each has its own.
 */
const orders = new Map<string, Order>([
  ['A-1001', { item: 'Espresso machine', paid_cents: 24_900, refunded_cents: 0 }],
  ['A-1002', { item: 'Coffee grinder', paid_cents: 8_950, refunded_cents: 0 }],
  ['A-1003', { item: 'Milk jug', paid_cents: 1_790, refunded_cents: 1_790 }],
]);

const order_id = z
  .string()
  .regex(/^[A-Z]-\d{1,8}$/)
  .meta({ description: 'The number of the order, such as A-1001.' });

function orderOf(id: string): Order {
  const order = orders.get(id);
  if (!order) throw new Error(`there is no order ${id}`);
  return order;
}

export const lookup_order = defineTool({
  name: 'lookup_order',
  description: 'Shows an order: what was bought, what was paid and what was refunded, in cents.',
  parameters: z.strictObject({ order_id }),
  approval: 'none',
  run: async ({ order_id }) => JSON.stringify({ order_id, ...orderOf(order_id) }),
});

export const issue_refund = defineTool({
  name: 'issue_refund',
  description: 'Refunds an order, wholly or in part.',
  parameters: z.strictObject({
    order_id,
    amount_cents: z.int().positive().meta({ description: 'What to pay back, in cents.' }),
    reason: z.string().min(1).meta({ description: 'Why, in a sentence; whoever approves reads it.' }),
  }),
  approval: 'required',
  requires: 'confirmation',
  run: async ({ order_id, amount_cents }) => {
    const order = orderOf(order_id);
    const left = order.paid_cents - order.refunded_cents;
    if (amount_cents > left) throw new Error(`only ${left} cents of ${order_id} are left to refund`);
    order.refunded_cents += amount_cents;
    return `Refunded ${amount_cents} cents of ${order_id}; ${left - amount_cents} are left.`;
  },
});
