interface Item {
  type: string;
  id?: string;
  content?: unknown;
  arguments?: unknown;
  [field: string]: unknown;
}

interface Part {
  type: string;
  text?: string;
  refusal?: string;
}

export interface StreamEvent {
  type: string;
  [field: string]: unknown;
}

/** A response of OpenAI's Responses API, as far as a stream of it needs to know. */
export interface StreamedResponse {
  status: string;
  output: readonly Item[];
  [field: string]: unknown;
}

/** The events of OpenAI's Responses API that lead to this response, texts and arguments in pieces. */
export function* streamOf(response: StreamedResponse): Generator<StreamEvent> {
  yield { type: 'response.created', response: { ...response, status: 'in_progress', output: [], usage: null } };
  for (const [output_index, item] of response.output.entries()) {
    const at = { item_id: item.id ?? `item_${output_index}`, output_index };
    yield { type: 'response.output_item.added', output_index, item: emptied(item) };
    if (item.type === 'message' && Array.isArray(item.content)) yield* contentOf(item.content as Part[], at);
    if (item.type === 'function_call') yield* argumentsOf(String(item.arguments), at);
    yield { type: 'response.output_item.done', output_index, item };
  }
  yield { type: response.status === 'incomplete' ? 'response.incomplete' : 'response.completed', response };
}

/** What goes over the wire for an event. */
export const serverSentEvent = (event: StreamEvent, sequence_number: number): string =>
  `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`;

function* contentOf(content: readonly Part[], item: object): Generator<StreamEvent> {
  for (const [content_index, part] of content.entries()) {
    const at = { ...item, content_index };
    const [field, text] = part.type === 'refusal' ? ['refusal', part.refusal] : ['text', part.text];
    yield { type: 'response.content_part.added', ...at, part: { ...part, [field!]: '' } };
    for (const delta of words(text ?? '')) yield { type: `response.${part.type}.delta`, ...at, delta };
    yield { type: `response.${part.type}.done`, ...at, [field!]: text };
    yield { type: 'response.content_part.done', ...at, part };
  }
}

function* argumentsOf(text: string, at: object): Generator<StreamEvent> {
  for (const delta of text.match(/.{1,8}/gs) ?? [])
    yield { type: 'response.function_call_arguments.delta', ...at, delta };
  yield { type: 'response.function_call_arguments.done', ...at, arguments: text };
}

/** The item as it is when nothing of it has been written yet. */
const emptied = (item: Item): Item => ({
  ...item,
  status: 'in_progress',
  ...(item.type === 'message' && { content: [] }),
  ...(item.type === 'function_call' && { arguments: '' }),
});

const words = (text: string): string[] => text.split(/(?<=\s)(?=\S)/).filter(Boolean);
