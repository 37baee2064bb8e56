import { Id } from '@countersign/contracts';
import type { ConversationItem, Run } from '@countersign/contracts/runs';
import { isRecord } from './record.js';

/** What a model answered, as it is kept. */
export interface Intake {
  items: ConversationItem[];
  /** What was not as it should be, a line each, for the log. */
  remarks: string[];
}

type Heard = Pick<Run, 'items' | 'steps'>;

const known = new Set(['message', 'function_call', 'reasoning']);

/**
 * The items of an answer, each call with a text of arguments and an id of its own: what a server left out, used again or
 * made too long to be an id is replaced, and kept beside it where the server wants it back. What was taken in before
 * comes out as it is.
 */
export function takenIn({ items, steps }: Heard, answer: readonly unknown[]): Intake {
  const remarks: string[] = [];
  const used = new Set(items.flatMap(({ type, call_id }) => (type === 'function_call' ? [call_id] : [])));
  const result: ConversationItem[] = [];
  for (const [n, item] of answer.entries()) {
    if (!isRecord(item) || typeof item['type'] !== 'string') {
      remarks.push(`item ${n} is none and is left out`);
      continue;
    }
    const { type } = item;
    if (!known.has(type)) remarks.push(`item ${n} has the type "${type.slice(0, 100)}", of which nothing is used`);
    result.push(
      type === 'function_call' ? callOf(item, `call_${steps}_${n}`) : ({ ...item, type } as ConversationItem),
    );
  }
  return { items: result, remarks };

  function callOf(item: Record<string, unknown>, own: string): ConversationItem {
    const [args, problem] = argumentsOf(item['arguments']);
    const call: ConversationItem = { ...item, type: 'function_call', arguments: args };
    if (typeof item['name'] !== 'string') call['name'] = '';
    if (problem !== undefined) call['unusable'] = problem;
    const given = item['call_id'];
    const id = idFor(given, own);
    if (id !== given) {
      call['call_id'] = id;
      if (typeof given === 'string' && given !== '') call['provider_call_id'] = given;
      remarks.push(`call ${id} came with ${idProblem(given)}`);
    }
    if (problem !== undefined) remarks.push(`call ${id}: ${problem}`);
    used.add(id);
    return call;
  }

  function idFor(given: unknown, own: string): string {
    const { data } = Id.safeParse(given);
    const wanted = data !== undefined && data.length < longestShared ? data : own;
    let id = wanted;
    for (let use = 1; used.has(id); use++) id = `${wanted}#${use}`;
    return id;
  }
}

/** Leaves room for a number behind it. */
const longestShared = 190;

function idProblem(given: unknown): string {
  if (typeof given !== 'string' || given === '') return 'no id';
  return given.length < longestShared ? 'an id that was used before' : `an id of ${given.length} characters`;
}

/** As a text, as the protocol has it. Some servers hand over what they have read already. */
function argumentsOf(args: unknown): [text: string, problem?: string] {
  if (args === undefined || args === null || args === '') return ['{}'];
  if (typeof args === 'string') return [args];
  const text = JSON.stringify(args);
  return isExact(args)
    ? [text]
    : [text, 'a number of the arguments was rounded before it arrived: give it as a string'];
}

/** Whether no number in it may have been another one as it was written. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number' && !Number.isFinite(value)) return false;
  if (typeof value === 'number')
    return Number.isInteger(value) ? Number.isSafeInteger(value) : String(value).replaceAll(/\D/g, '').length <= 15;
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(isExact);
}
