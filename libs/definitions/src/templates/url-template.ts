import { parseTemplate, written, type Placeholder, type TemplatePart } from './template.js';

/** A text, or one placeholder alone. */
export type UrlPart = string | Placeholder;

/** A URL whose placeholders can fill nothing but one path segment or one value of the query each. */
export interface UrlTemplate {
  /** Scheme and host, possibly with the beginning of the path: the same for every call. */
  base: readonly TemplatePart[];
  /** Of the rest of the path; texts are percent-encoded already. */
  segments: readonly UrlPart[];
  /** Names and texts are percent-encoded already. A parameter without `=` has no value. */
  query: readonly { name: string; value: UrlPart | undefined }[];
}

/** @throws why a call could make another URL of it than was meant. */
export function parseUrlTemplate(text: string): UrlTemplate {
  if (text.includes('#')) throw new Error('can have no #: what follows is never sent');
  const [whole = '', ...queries] = splitOutside(text, '?');
  if (queries.length > 1) throw new Error('has more than one ?');
  const { base, path } = splitBase(whole);
  const pairs = queries[0] === undefined || queries[0] === '' ? [] : splitOutside(queries[0], '&');
  return {
    base: parseTemplate(base).map(fixed),
    segments: path === '' ? [] : splitOutside(path, '/').slice(1).map(alone('path segment')),
    query: pairs.map(parseParameter),
  };
}

/** Splits off everything up to the path; a placeholder at the beginning is all of that. */
function splitBase(text: string): { base: string; path: string } {
  const [base = ''] = /^(?:\{\{.*?\}\}|https?:\/\/)(?:\{\{.*?\}\}|[^/{])*/s.exec(text) ?? [];
  if (base === '') throw new Error('must begin with https://, http:// or {{env.NAME}}');
  if (/^https?:\/\/$/.test(base)) throw new Error('has no host');
  if (base.includes('@')) throw new Error('can have no user or password: send them as a header, by {{env.NAME}}');
  const path = text.slice(base.length);
  if (path !== '' && !path.startsWith('/')) throw new Error(`cannot have ${path} after the host`);
  return { base, path };
}

function fixed(part: TemplatePart): TemplatePart {
  if (typeof part === 'string' || part.scope === 'env') return part;
  throw new Error(`${written(part)} cannot choose the scheme or the host: only {{env.NAME}} may stand there`);
}

function parseParameter(text: string): UrlTemplate['query'][number] {
  const [name = '', ...values] = splitOutside(text, '=');
  if (name.includes('{{')) throw new Error('can have no placeholder in the name of a query parameter');
  if (values.length === 0) return { name, value: undefined };
  return { name, value: alone('value of the query')(values.join('=')) };
}

const alone =
  (what: string) =>
  (text: string): UrlPart => {
    const parts = parseTemplate(text);
    const [first = ''] = parts;
    if (parts.length <= 1) return first;
    throw new Error(`a placeholder must fill a ${what} whole, unlike ${text}`);
  };

/** A pointer in a placeholder may contain what separates the parts of a URL. */
const splitOutside = (text: string, separator: string): string[] => {
  const pieces = [''];
  for (const part of text.split(/(\{\{.*?\}\})/s)) {
    const [first = '', ...others] = part.startsWith('{{') ? [part] : part.split(separator);
    pieces[pieces.length - 1] += first;
    pieces.push(...others);
  }
  return pieces;
};
