import {
  always,
  checkJson,
  checkTemplate,
  objections,
  passesOn,
  type Objection,
  type Parametric,
} from '../../checks/template.js';
import { checkToken } from '../../checks/token.js';
import type { HttpEntry, HttpPollEntry } from './schema.js';
import type { Path, Problem } from '../../load/source.js';
import { wholeOfAnswer, type Placeholder } from '../../templates/template.js';
import { parseUrlTemplate, type UrlPart, type UrlTemplate } from '../../templates/url-template.js';

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Sent by themselves, or about the connection. */
const reserved = new Set([
  'idempotency-key',
  'countersign-attempt',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What is wrong with a request that makes calls. */
export function checkHttp(http: HttpEntry, tool: Parametric, path: Path): Problem[] {
  const { body, done, headers, method, poll, status, token, url } = http;
  const noDone = { path: [...path, 'done'], message: 'has no meaning beside poll, which says what is done' };
  const objection = passesOn(tool, 'execution', 'run', 'approval', 'env');
  const inAnswer: Objection = (placeholder) => (placeholder.scope === 'response' ? undefined : objection(placeholder));
  const noBody = { path: [...path, 'body'], message: 'is not sent with GET' };
  const ask = (entry: HttpPollEntry, field: 'poll' | 'status', placeholders: Objection) => [
    ...(placeholders === inAnswer && isWholeOfAnswer(entry.url)
      ? []
      : checkUrl(entry.url, http, tool, [...path, field, 'url'], placeholders)),
    ...checkValues(entry, [...path, field]),
  ];
  return [
    ...checkUrl(url, http, tool, [...path, 'url'], objection),
    ...checkHeaders(headers, [...path, 'headers'], objection),
    ...(token ? checkToken(token, headers, [...path, 'token']) : []),
    ...(method === 'GET' && body !== undefined ? [noBody] : checkJson(body, [...path, 'body'], objection)),
    ...(poll && done.length > 0 ? [noDone] : []),
    ...(poll ? ask(poll, 'poll', inAnswer) : []),
    ...(status ? ask(status, 'status', objection) : []),
  ];
}

function checkUrl(text: string, { allow_private }: HttpEntry, tool: Parametric, path: Path, objection: Objection) {
  const url = parsed(text);
  if (typeof url === 'string') return [{ path, message: url }];
  const [scheme] = url.base;
  const plain = { path, message: 'must begin with https://; allow_private lets http:// pass' };
  return [
    ...(typeof scheme === 'string' && scheme.startsWith('http://') && !allow_private ? [plain] : []),
    ...objections(placeholdersIn(url.segments), path, always(tool, objection, 'fills a path segment')),
    ...objections(placeholdersIn([...url.base, ...url.query.map(({ value = '' }) => value)]), path, objection),
  ];
}

/** Or why it cannot be. */
function parsed(text: string): UrlTemplate | string {
  try {
    return parseUrlTemplate(text);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Which is resolved when there is an answer. */
function isWholeOfAnswer(text: string): boolean {
  try {
    return wholeOfAnswer(text) !== undefined;
  } catch {
    return false;
  }
}

const placeholdersIn = (parts: readonly UrlPart[]): Placeholder[] => parts.filter((part) => typeof part !== 'string');

const checkHeaders = (headers: Record<string, string>, path: Path, objection: Objection): Problem[] =>
  Object.entries(headers).flatMap(([name, text]) => {
    const at = [...path, name];
    if (!headerName.test(name)) return [{ path: at, message: 'is not the name of a header' }];
    if (reserved.has(name.toLowerCase())) return [{ path: at, message: 'is set automatically' }];
    if (/[\r\n\0]/.test(text)) return [{ path: at, message: 'can have no line breaks' }];
    return checkTemplate(text, at, objection);
  });

/** Of what a target says of a call. */
export const checkValues = (entry: { succeeded: string[]; failed: string[] }, path: Path): Problem[] =>
  entry.failed.flatMap((value, n) => {
    if (!entry.succeeded.includes(value)) return [];
    return [{ path: [...path, 'failed', n], message: `"${value}" is under succeeded too: it cannot mean both` }];
  });
