import type { Message } from '@countersign/messaging';
import { goldenEvent } from '@countersign/testing';

/** A result that can be read and that nobody signed: a dead letter of the runner, also when it is replayed. */
export function forgedResult(key: string): Message {
  const { data } = goldenEvent('tool.execution_completed');
  const value = Buffer.from(JSON.stringify({ ...data, signature: 'none' }));
  return { topic: 'tool.execution_completed', key, headers: { case: key }, value };
}
