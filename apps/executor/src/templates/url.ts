import { ConfigError } from '@countersign/contracts/problems';
import { parseUrlTemplate, wholeOfAnswer, type Placeholder, type UrlPart } from '@countersign/definitions/templates';
import type { ApprovedCall } from '../adapters/adapter.js';
import { compilePart, fixedParts, type TargetResponse, type TemplateScope } from './template.js';

/** @param response what `{{response./POINTER}}` points into. @throws why the call cannot have a URL. */
export type UrlOfCall = (call: ApprovedCall, response?: TargetResponse) => URL;

/**
 * Whatever the arguments, the URL has the scheme, the host, the number of path segments and the parameters of the text.
 *
 * @throws ConfigError when the environment lacks a variable, or does not make a URL of it.
 */
export function compileUrl(text: string, scope: TemplateScope): UrlOfCall {
  const whole = wholeOfAnswer(text);
  if (whole) return compileWhole(whole, scope);
  const { base, segments, query } = parseUrlTemplate(text);
  const start = startOf(fixedParts(base, scope), text);
  const path = segments.map((part) => compileSegment(part, scope));
  const parameters = query.map(({ name, value }) => compileParameter(name, value, scope));
  return (...compiled) => {
    const pairs = parameters.map((parameter) => parameter(...compiled)).filter((pair) => pair !== undefined);
    const search = pairs.length > 0 ? `?${pairs.join('&')}` : '';
    return new URL(`${start}${path.map((segment) => `/${segment(...compiled)}`).join('')}${search}`);
  };
}

/**
 * A URL that the target says, in full or relative to that of the request: of the same scheme, host and port, since the
 * headers of the request go there, too.
 */
function compileWhole(placeholder: Placeholder, scope: TemplateScope): UrlOfCall {
  const value = compilePart(placeholder, scope);
  const name = `{{response.${placeholder.name}}}`;
  return (call, response) => {
    const text = value(call, response);
    if (text === undefined || !response) throw new Error(`${name} is missing`);
    const url = URL.parse(text, response.url.href);
    if (!url) throw new Error(`${name} is no URL`);
    if (url.origin !== response.url.origin || url.username !== '' || url.password !== '')
      throw new Error(`${name} leads to another server than the request`);
    url.hash = '';
    return url;
  };
}

/** Of a URL that is not in the message, since it comes from the environment. */
function startOf(base: string, text: string): string {
  const url = URL.parse(base);
  if (!url || !/^https?:$/.test(url.protocol)) throw new ConfigError(`${text} does not begin with a URL`);
  if (url.username || url.password || url.search || url.hash)
    throw new ConfigError(`${text} begins with a URL that has more than scheme, host and path`);
  return url.href.replace(/\/$/, '');
}

function compileSegment(part: UrlPart, scope: TemplateScope): (...compiled: Parameters<UrlOfCall>) => string {
  if (typeof part === 'string') return () => part;
  const value = compilePart(part, scope);
  return (...compiled) => {
    const text = value(...compiled);
    if (text === undefined) throw new Error(`{{${part.scope}.${part.name}}} is missing, and is part of a path`);
    // However often a server decodes and normalises it, it must not lead elsewhere.
    if (text.split(/[/\\]/).some((piece) => piece === '' || piece === '.' || piece === '..'))
      throw new Error(`{{${part.scope}.${part.name}}} would lead to another path`);
    return encode(text, part);
  };
}

function compileParameter(name: string, value: UrlPart | undefined, scope: TemplateScope) {
  if (value === undefined || typeof value === 'string') {
    const fixed = value === undefined ? name : `${name}=${value}`;
    return () => fixed;
  }
  const compiled = compilePart(value, scope);
  return (...args: Parameters<UrlOfCall>) => {
    const text = compiled(...args);
    if (text === undefined && value.scope === 'response') throw new Error(`{{response.${value.name}}} is missing`);
    return text === undefined ? undefined : `${name}=${encode(text, value)}`;
  };
}

/** The problem without the value, which may be a secret. */
function encode(text: string, { scope, name }: Placeholder): string {
  if (!text.isWellFormed()) throw new Error(`{{${scope}.${name}}} has characters that no URL can have`);
  return encodeURIComponent(text);
}
