import { conversationRefusal } from './conversation-rules.js';
import { isObject, type Issued, type Refusal } from './refusal.js';
import { toolRefusal } from './tool-rules.js';

/** What OpenAI's Responses API refuses of a request with `store: false`; undefined when it takes it. */
export function refusalOf(body: unknown, issued: Issued): Refusal | undefined {
  if (!isObject(body)) return { code: 'invalid_type', message: 'The body is no object.', param: '' };
  if (typeof body['model'] !== 'string' || body['model'] === '')
    return { code: 'missing_required_parameter', message: "Missing required parameter: 'model'.", param: 'model' };
  return toolRefusal(body['tools'] ?? []) ?? conversationRefusal(body['input'], issued);
}
