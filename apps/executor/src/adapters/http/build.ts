import { millisOf } from '@countersign/contracts/time';
import type { HttpPollEntry } from '@countersign/definitions/execute';
import { tokenOf } from '@countersign/outbound';
import type { AdapterBuilder } from '../builder.js';
import { HttpAdapter } from './http.js';
import type { Question } from './question.js';
import { compileHeaders } from '../../templates/headers.js';
import { compileJson } from '../../templates/json.js';
import type { TemplateScope } from '../../templates/template.js';
import { compileUrl } from '../../templates/url.js';

export const buildHttpAdapter: AdapterBuilder<'http'> = (http, { limits, scope }) => {
  const { allow_private: allowPrivate, body, done, headers, method, poll, result, status, token, url } = http;
  return new HttpAdapter({
    ...limits,
    method,
    url: compileUrl(url, scope),
    headers: compileHeaders(headers, scope),
    ...(token && { token: tokenOf(token, scope) }),
    ...(body !== undefined && { body: compileJson(body, scope) }),
    result,
    done,
    allowPrivate,
    ...(poll && { poll: questionOf(poll, scope) }),
    ...(status && { status: questionOf(status, scope) }),
  });
};

const questionOf = ({ every, url, ...question }: HttpPollEntry, scope: TemplateScope): Question => ({
  ...question,
  url: compileUrl(url, scope),
  everyMs: millisOf(every),
});
