import { systemClock } from '@countersign/contracts/time';
import OpenAI from 'openai';
import { ModelError } from './model.js';
import { retryAfter } from '../dispatch/retry-after.js';

const firstRetryMs = 5_000;
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
  headers?: Headers | undefined;
}

export function modelError(error: unknown, call: ModelCall): ModelError {
  if (error instanceof ModelError) return error;
  if (!(error instanceof OpenAI.APIError)) return unreadable(String(error), call);
  return failed('the model could not be called', error as Failure, call);
}

/** It answered, but not with a response. */
export const unreadable = (why: string, call: ModelCall): ModelError =>
  failed('what the model answered cannot be read', { message: why }, call);

export function failed(what: string, failure: Failure, call: ModelCall): ModelError {
  const why = withoutKey(failure.message, call).slice(0, longestReason);
  return new ModelError(`${explained(what, failure, call)}: ${why}${advice(failure, call)}`, waitAfter(failure));
}

const tooLong = 'context_length_exceeded';

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
function waitAfter({ status, code, headers }: Failure): number | null {
  if (!passes(status, code)) return null;
  const wait = retryAfter(headers, systemClock());
  return code === 'insufficient_quota' ? Math.max(wait ?? 0, quotaRetryMs) : (wait ?? firstRetryMs);
}

/** A failure within a response or a stream has a code and no status. */
function passes(status: number | undefined, code: string | null | undefined): boolean {
  if (code === tooLong || code === 'invalid_prompt') return false;
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
}
