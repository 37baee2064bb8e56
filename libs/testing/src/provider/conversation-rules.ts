import { isObject, type Issued, type Refusal } from './refusal.js';

type Item = Record<string, unknown>;

const longestId = 64;
const partsOf: Record<string, readonly string[]> = {
  user: ['input_text', 'input_image', 'input_file'],
  system: ['input_text'],
  developer: ['input_text'],
  assistant: ['output_text', 'refusal'],
};

/** What is wrong with the input of a request: the form of each item, and what has to come with what. */
export function conversationRefusal(input: unknown, issued: Issued): Refusal | undefined {
  if (typeof input === 'string') return undefined;
  if (!Array.isArray(input) || input.length === 0) return invalid('input', 'a list that is not empty is expected');
  for (const [n, item] of input.entries()) {
    const refusal = isObject(item) ? formRefusal(item, `input[${n}]`, issued) : invalid(`input[${n}]`, 'no object');
    if (refusal) return refusal;
  }
  const items = input as Item[];
  return duplicated(items) ?? unpaired(items) ?? reasoningRefusal(items, issued);
}

const invalid = (param: string, why: string, code = 'invalid_value'): Refusal => ({
  code,
  message: `Invalid value: '${param}'. ${why}.`,
  param,
});

function formRefusal(item: Item, at: string, issued: Issued): Refusal | undefined {
  const { id } = item;
  if (id !== undefined && !(typeof id === 'string' && /^[\w-]{1,64}$/.test(id)))
    return invalid(`${at}.id`, 'Expected an ID of letters, numbers, underscores or dashes, 64 at most');
  switch (item['type']) {
    case undefined:
    case 'message':
      return messageRefusal(item, at);
    case 'function_call':
      return callIdRefusal(item, at, issued) ?? callRefusal(item, at);
    case 'function_call_output':
      if (typeof item['output'] !== 'string') return invalid(`${at}.output`, 'a text is expected', 'invalid_type');
      return callIdRefusal(item, at, issued);
    case 'reasoning':
      if (!Array.isArray(item['summary'])) return invalid(`${at}.summary`, 'a list is expected');
      if (typeof item['encrypted_content'] === 'string' && item['encrypted_content'] !== '') return undefined;
      return invalid(
        at,
        `Item with id '${String(id)}' not found. Items are not persisted when 'store' is set to false`,
      );
    default:
      return invalid(`${at}.type`, `'${String(item['type'])}' is not supported`);
  }
}

function messageRefusal({ role, content }: Item, at: string): Refusal | undefined {
  const parts = typeof role === 'string' && Object.hasOwn(partsOf, role) ? partsOf[role] : undefined;
  if (!parts) return invalid(`${at}.role`, `'${String(role)}' is no role`);
  if (typeof content === 'string') return undefined;
  if (!Array.isArray(content) || content.length === 0) return invalid(`${at}.content`, 'parts or a text are expected');
  for (const [n, part] of content.entries()) {
    const type = isObject(part) ? part['type'] : undefined;
    if (typeof type !== 'string' || !parts.includes(type))
      return invalid(`${at}.content[${n}]`, `'${String(type)}' is not supported for ${String(role)}`);
    const text = (part as Item)[type === 'refusal' ? 'refusal' : 'text'];
    if (type.endsWith('text') || type === 'refusal')
      if (typeof text !== 'string') return invalid(`${at}.content[${n}]`, 'a text is expected', 'invalid_type');
  }
  return undefined;
}

function callIdRefusal({ call_id }: Item, at: string, { callIds }: Issued): Refusal | undefined {
  if (typeof call_id !== 'string') return invalid(`${at}.call_id`, 'a text is expected', 'missing_required_parameter');
  if (call_id === '') return invalid(`${at}.call_id`, 'Expected at least 1 character', 'empty_string');
  if (call_id.length <= longestId || callIds.has(call_id)) return undefined;
  const why = `Expected a string with maximum length ${longestId}, but got one of length ${call_id.length} instead`;
  return invalid(`${at}.call_id`, why, 'string_above_max_length');
}

function callRefusal({ name, arguments: args }: Item, at: string): Refusal | undefined {
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) return invalid(`${at}.name`, 'it is no name');
  if (typeof args !== 'string') return invalid(`${at}.arguments`, 'a text is expected', 'invalid_type');
  try {
    if (isObject(JSON.parse(args))) return undefined;
  } catch {
    // Said below.
  }
  return invalid(`${at}.arguments`, 'the JSON of an object is expected');
}

function duplicated(items: readonly Item[]): Refusal | undefined {
  const seen = new Set<string>();
  for (const [n, item] of items.entries()) {
    const names = item['id'] === undefined ? [] : [`${String(item['id'])}`];
    if (item['type'] === 'function_call') names.push(`call ${String(item['call_id'])}`);
    for (const name of names) {
      if (seen.has(name)) return invalid(`input[${n}]`, `Duplicate item found with id ${name}`, 'duplicate_id');
      seen.add(name);
    }
  }
  return undefined;
}

function unpaired(items: readonly Item[]): Refusal | undefined {
  const open = new Set<string>();
  for (const [n, { type, call_id }] of items.entries()) {
    if (type === 'function_call') open.add(String(call_id));
    if (type === 'function_call_output' && !open.delete(String(call_id)))
      return invalid(`input[${n}]`, `No tool call found for function call output with call_id ${String(call_id)}`);
  }
  const [first] = open;
  return first === undefined ? undefined : invalid('input', `No tool output found for function call ${first}`);
}

/** Reasoning is taken only right before what came of it, and what came of it not without its reasoning. */
function reasoningRefusal(items: readonly Item[], { reasoningBefore }: Issued): Refusal | undefined {
  for (const [n, { type, id }] of items.entries()) {
    if (type === 'reasoning' && !isOutput(items[n + 1]))
      return invalid(
        `input[${n}]`,
        `Item '${String(id)}' of type 'reasoning' was provided without its required following item`,
      );
    const reasoning = reasoningBefore.get(String(id));
    if (reasoning !== undefined && type !== 'reasoning' && items[n - 1]?.['id'] !== reasoning)
      return invalid(
        `input[${n}]`,
        `Item '${String(id)}' of type '${String(type)}' was provided without its required 'reasoning' item: '${reasoning}'`,
      );
  }
  return undefined;
}

const isOutput = (item: Item | undefined): boolean =>
  item !== undefined &&
  (item['type'] === 'reasoning' || item['type'] === 'function_call' || item['role'] === 'assistant');
