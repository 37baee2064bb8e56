import { needsOperator, runErrors } from '@countersign/contracts/runs';
import { systemClock, type Millis } from '@countersign/contracts/time';
import OpenAI from 'openai';
import { ModelError, type ModelFailure } from './model.js';
import { retryAfter } from './retry-after.js';

const firstRetryMs = 1_000;
/** Of what somebody has to mend. */
const operatorRetryMs = 30_000;
const quotaRetryMs = 60_000;
/** Characters. What stands before a server may answer with a whole page. */
const longestReason = 1_000;

/** The call that failed, for a helpful message. */
export interface ModelCall {
  model: string;
  /** Never part of a message, even when the server repeats it. */
  apiKey: string;
}

/** What went wrong, as far as the server or the client says. */
export interface Failure {
  message: string;
  status?: number | undefined;
  code?: string | null | undefined;
  /** Which field of the request it is about. */
  param?: string | null | undefined;
  headers?: Headers | undefined;
}

export function modelError(error: unknown, call: ModelCall): ModelError {
  if (error instanceof ModelError) return error;
  if (!(error instanceof OpenAI.APIError)) return unreadable(String(error), call);
  const code = error instanceof OpenAI.APIConnectionTimeoutError ? 'model_timed_out' : undefined;
  return failed('the model could not be called', error as Failure, call, code);
}

/** It answered, but not with a response. */
export const unreadable = (why: string, call: ModelCall): ModelError =>
  failed('what the model answered cannot be read', { message: why }, call, 'model_unreadable');

export function failed(what: string, failure: Failure, call: ModelCall, code = codeOf(failure)): ModelError {
  const why = withoutKey(typeof failure.message === 'string' ? failure.message : 'no reason', call).slice(
    0,
    longestReason,
  );
  const message = `${explained(what, failure, call)}: ${why}${advice(failure, call)}`;
  return new ModelError(message, waitAfter(code, failure), code);
}

const tooLong = 'context_length_exceeded';

/** Codes of the provider, which say more than the status. */
const codes: Record<string, ModelFailure> = {
  [tooLong]: 'model_context_exceeded',
  string_above_max_length: 'model_request_refused',
  invalid_prompt: 'model_prompt_refused',
  content_filter: 'model_prompt_refused',
  content_policy_violation: 'model_prompt_refused',
  insufficient_quota: 'model_quota_exceeded',
  billing_hard_limit_reached: 'model_quota_exceeded',
  billing_not_active: 'model_quota_exceeded',
  rate_limit_exceeded: 'model_rate_limited',
  invalid_api_key: 'model_unauthorized',
  model_not_found: 'model_not_found',
};

const statuses: Record<number, ModelFailure> = {
  401: 'model_unauthorized',
  402: 'model_quota_exceeded',
  403: 'model_forbidden',
  404: 'model_not_found',
  408: 'model_timed_out',
  409: 'model_unavailable',
  413: 'model_input_too_large',
  429: 'model_rate_limited',
};

/** A failure within a response or a stream has a code and no status. */
function codeOf({ status, code }: Failure): ModelFailure {
  const byCode = typeof code === 'string' && Object.hasOwn(codes, code) ? codes[code] : undefined;
  if (byCode !== undefined) return byCode;
  if (status === undefined || status >= 500) return 'model_unavailable';
  return statuses[status] ?? 'model_request_refused';
}

const explained = (what: string, { code }: Failure, { model }: ModelCall): string =>
  code === tooLong ? `the conversation is too long for ${model}` : what;

function advice({ status }: Failure, { model }: ModelCall): string {
  if (status === 401) return ' (check OPENAI_API_KEY)';
  if (status === 404) return ` (check whether "${model}" is the id of a model there)`;
  return '';
}

/** Servers repeat the key that they refuse, some of them in part. What is shorter than this is a placeholder. */
const shortestKey = 8;

function withoutKey(message: string, { apiKey }: ModelCall): string {
  const key = apiKey.trim();
  const text = key.length < shortestKey ? message : message.replaceAll(key, '[key]');
  return text.replaceAll(/\bsk-[\w*-]{8,}/g, '[key]');
}

/** @returns milliseconds, or `null` when the same request can never be answered. */
function waitAfter(code: ModelFailure, { headers }: Failure): Millis | null {
  if (runErrors[code].then === 'ends') return null;
  const wait = retryAfter(headers, systemClock());
  if (code === 'model_quota_exceeded') return Math.max(wait ?? 0, quotaRetryMs);
  return wait ?? (needsOperator(code) ? operatorRetryMs : firstRetryMs);
}

/** Codes after which no other form helps. */
const notAboutForm = new Set([
  'context_length_exceeded',
  'invalid_prompt',
  'content_filter',
  'content_policy_violation',
]);

/** Whether another form of the same request may be taken. */
export function isAboutForm(error: unknown): boolean {
  const { status, code, param } = error as Failure;
  if (code === 'invalid_encrypted_content') return true;
  if ((status !== 400 && status !== 422) || notAboutForm.has(code ?? '')) return false;
  return !(typeof param === 'string' && /^(?:tools|model|instructions)/.test(param));
}
