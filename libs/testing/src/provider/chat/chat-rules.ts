import { isObject, type Issued, type Refusal } from '../refusal.js';
import { toolRefusal } from '../tool-rules.js';

type Message = Record<string, unknown>;

const longestId = 40;
const fields = new Set(['model', 'messages', 'tools', 'tool_choice', 'stream', 'stream_options']);

/** What Chat Completions refuses of a request; undefined when it takes it. */
export function chatRefusalOf(body: unknown, issued: Issued): Refusal | undefined {
  if (!isObject(body)) return invalid('', 'The body is no object.', 'invalid_type');
  const { model, messages, tools, stream, stream_options } = body;
  if (typeof model !== 'string' || model === '')
    return invalid('model', "Missing required parameter: 'model'.", 'missing_required_parameter');
  const unknown = Object.keys(body).find((name) => !fields.has(name));
  if (unknown !== undefined) return invalid(unknown, `Unknown parameter: '${unknown}'.`, 'unknown_parameter');
  if (stream_options !== undefined && stream !== true)
    return invalid('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  return toolsRefusal(tools) ?? messagesRefusal(messages, issued);
}

const invalid = (param: string, message: string, code = 'invalid_value'): Refusal => ({ code, message, param });

function toolsRefusal(tools: unknown): Refusal | undefined {
  if (tools === undefined) return undefined;
  if (!Array.isArray(tools)) return invalid('tools', "Invalid type for 'tools'.", 'invalid_type');
  if (tools.length === 0) return invalid('tools', "[] is too short - 'tools'", 'empty_array');
  const flat = (tools as Message[]).map((tool) => ({
    ...(isObject(tool['function']) ? tool['function'] : {}),
    type: tool['type'],
  }));
  return toolRefusal(flat);
}

/** Each call is answered by a tool's message right behind it, and each of those answers a call. */
function messagesRefusal(messages: unknown, issued: Issued): Refusal | undefined {
  if (!Array.isArray(messages) || messages.length === 0) return invalid('messages', "[] is too short - 'messages'");
  let open = new Set<string>();
  for (const [n, message] of (messages as unknown[]).entries()) {
    const at = `messages.[${n}]`;
    if (!isObject(message)) return invalid(at, 'no object', 'invalid_type');
    if (message['role'] === 'tool') {
      if (!open.delete(String(message['tool_call_id'])))
        return invalid(
          `${at}.role`,
          "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
        );
      if (typeof message['content'] !== 'string') return invalid(`${at}.content`, 'a text is expected', 'invalid_type');
      continue;
    }
    if (open.size > 0) return unanswered(open);
    const refusal =
      message['role'] === 'assistant' ? assistantRefusal(message, at, issued) : spokenRefusal(message, at);
    if (refusal) return refusal;
    open = new Set(callsOf(message).map(({ id }) => String(id)));
    if (open.size < callsOf(message).length) return invalid(`${at}.tool_calls`, 'Duplicate ids');
  }
  return open.size > 0 ? unanswered(open) : undefined;
}

const unanswered = (open: ReadonlySet<string>): Refusal =>
  invalid(
    'messages',
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. These had none: ${[...open].join(', ')}`,
  );

const callsOf = ({ tool_calls }: Message): Message[] => (Array.isArray(tool_calls) ? (tool_calls as Message[]) : []);

function spokenRefusal({ role, content }: Message, at: string): Refusal | undefined {
  if (!['system', 'developer', 'user'].includes(String(role)))
    return invalid(`${at}.role`, `'${String(role)}' is no role`);
  return typeof content === 'string' ? undefined : invalid(`${at}.content`, 'a text is expected', 'invalid_type');
}

function assistantRefusal(message: Message, at: string, { callIds }: Issued): Refusal | undefined {
  const { content, refusal, tool_calls } = message;
  if (tool_calls !== undefined && callsOf(message).length === 0)
    return invalid(`${at}.tool_calls`, "[] is too short - 'tool_calls'", 'empty_array');
  if (typeof content !== 'string' && typeof refusal !== 'string' && tool_calls === undefined)
    return invalid(`${at}.content`, 'expected a string, got null');
  for (const [n, call] of callsOf(message).entries()) {
    const place = `${at}.tool_calls[${n}]`;
    const { id, type, function: made } = call;
    if (typeof id !== 'string' || id === '') return invalid(`${place}.id`, 'a text is expected', 'empty_string');
    if (id.length > longestId && !callIds.has(id))
      return invalid(
        `${place}.id`,
        `string too long. Expected ${longestId} characters at most.`,
        'string_above_max_length',
      );
    if (type !== 'function' || !isObject(made)) return invalid(`${place}.type`, 'a function is expected');
    if (typeof made['name'] !== 'string' || !/^[\w-]{1,64}$/.test(made['name']))
      return invalid(`${place}.function.name`, 'it is no name');
    if (!isJsonObject(made['arguments']))
      return invalid(`${place}.function.arguments`, 'the JSON of an object is expected');
  }
  return undefined;
}

function isJsonObject(text: unknown): boolean {
  try {
    return typeof text === 'string' && isObject(JSON.parse(text));
  } catch {
    return false;
  }
}
