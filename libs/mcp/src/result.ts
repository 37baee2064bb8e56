import type { Mask } from '@countersign/definitions/masking';
import {
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  type CallToolResult,
  type ContentBlock,
} from '@modelcontextprotocol/client';

/** What a model reads of a result. What is no text is only described, unless there is no text and it comes as JSON. */
export function textOf({ content, structuredContent }: CallToolResult): string {
  const lines = content.map(lineOf);
  if (structuredContent !== undefined && !content.some(isText))
    lines.unshift(JSON.stringify(structuredContent, unrounded));
  return lines.join('\n');
}

/** The client has read the JSON already, and a wide integer with it. A model must not take what is left for an exact id. */
const unrounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? `about ${value}: the server sent a number that is too wide to be kept exactly`
    : value;

const isText = (block: ContentBlock): boolean =>
  block.type === 'text' || (block.type === 'resource' && 'text' in block.resource);

function lineOf(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return `[${block.type}: ${block.mimeType}, ${bytes(block.data)}]`;
    case 'resource_link':
      return `[link: ${block.name}, ${block.uri}]`;
    case 'resource': {
      const { resource } = block;
      if ('text' in resource) return `[resource: ${resource.uri}]\n${resource.text}`;
      return `[resource: ${resource.uri}, ${resource.mimeType ?? 'of unknown type'}, ${bytes(resource.blob)}]`;
    }
    default:
      return `[${(block as { type: string }).type}]`;
  }
}

const bytes = (base64: string): string => `${Buffer.byteLength(base64, 'base64')} bytes`;

/** Whether the error shows for certain that the server did not get the request: no connection, or no such session. */
export function neverArrived(error: unknown): boolean {
  if (error instanceof SdkHttpError) return error.status === 404;
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(neverArrived);
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  return error.cause !== undefined && neverArrived(error.cause);
}

/** Whether the server does not take what it was shown, so that nothing was done. */
export const isUnauthorized = (error: unknown): boolean => error instanceof SdkHttpError && error.status === 401;

/** Whether the connection that this happened on is of no more use. */
export function isLost(error: unknown): boolean {
  if (error instanceof SdkHttpError) return error.status === 404 || error.status === 400;
  if (error instanceof SdkError) return error.code === SdkErrorCode.ConnectionClosed;
  return error instanceof StreamEnded || error instanceof TypeError || neverArrived(error);
}

/** The answer to a request broke off. */
export class StreamEnded extends Error {
  override name = 'StreamEnded';
}

/** What happened, in words for a model, with the reason below it when there is one; masked before it is cut. */
export function reasonOf(error: unknown, mask: Mask): string {
  const text = mask(wordsOf(error));
  return text.length > longestReason ? `${text.slice(0, longestReason)}…` : text;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? wordsOf(error.cause) : '';
  const message =
    error.message || (error instanceof AggregateError ? error.errors.map(wordsOf).join(', ') : error.name);
  return cause && !message.includes(cause) ? `${message}: ${cause}` : message;
}

const longestReason = 500;
