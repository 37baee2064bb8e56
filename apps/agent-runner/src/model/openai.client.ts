import type { Millis } from '@countersign/contracts/time';
import OpenAI, { AzureOpenAI } from 'openai';
import { httpFetch } from './http-fetch.js';

export interface ClientOptions {
  apiKey: string;
  /** Default: OpenAI. */
  baseURL?: string | undefined;
  /** Of an Azure resource that is asked by a dated version of its API; `baseURL` is its address then. */
  azureApiVersion?: string | undefined;
  /** For one answer; for one that is streamed, from when it begins. */
  timeoutMs: Millis;
}

/**
 * The client of a provider. A failure is reported as an error, once; it would log lines of its own shape besides. The run
 * tries again, and that after a time-out is its own decision.
 */
export function clientFor({ apiKey, baseURL, azureApiVersion, timeoutMs }: ClientOptions): OpenAI {
  const common = { apiKey, timeout: timeoutMs, maxRetries: 0, logLevel: 'off' as const, fetch: httpFetch };
  if (azureApiVersion === undefined) return new OpenAI({ ...common, baseURL });
  return new AzureOpenAI({ ...common, baseURL: '', endpoint: baseURL!, apiVersion: azureApiVersion });
}
