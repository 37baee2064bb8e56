import { createRequire } from 'node:module';
import { FetchSession, type FetchTopic } from './fetch-session.js';

interface FetchOptions {
  topics: FetchTopic[];
  [option: string]: unknown;
}

interface FetchResponse {
  errorCode?: number;
  sessionId?: number;
}

interface Broker {
  fetch(options: FetchOptions): Promise<FetchResponse>;
  lookupRequest(api: number, definition: unknown): (options: object) => unknown;
}

/**
 * kafkajs 2.2.4 asks for all partitions of all topics with each fetch, and takes apart an answer for each of them: with
 * one topic for each type of event that is most of what a fetch costs. Its protocol knows fetch sessions and leaves them
 * out, so they are put in here. Each consumer has `Broker` objects of its own, and so a session with each broker.
 *
 * @throws when kafkajs is a version that has no such place
 */
export function useFetchSessions(): void {
  const load = createRequire(import.meta.url);
  const { prototype } = load('kafkajs/src/broker') as { prototype: Broker };
  const apiKeys = load('kafkajs/src/protocol/requests/apiKeys') as { Fetch: number };
  const { requests } = load('kafkajs/src/protocol/requests') as { requests: { Fetch: unknown } };
  const send = Object.getOwnPropertySymbols(prototype).find(({ description }) => description?.endsWith(':sendRequest'));
  if (!send) throw new Error('unsupported version of kafkajs: its Broker has no sendRequest');
  const sessions = new WeakMap<Broker, FetchSession>();

  prototype.fetch = async function (this: Broker, options: FetchOptions): Promise<FetchResponse> {
    const session = sessions.get(this) ?? new FetchSession();
    sessions.set(this, session);
    const { isolationLevel, maxWaitTime = 5_000, minBytes = 1, maxBytes = 10_485_760, rackId = '' } = options;
    const request = session.request(options.topics, Number(maxWaitTime));
    const fetch = this.lookupRequest(apiKeys.Fetch, requests.Fetch);
    const common = { replicaId: options['replicaId'], isolationLevel, minBytes, maxBytes, rackId };
    let response: FetchResponse;
    try {
      const sendRequest = (this as unknown as Record<symbol, (request: unknown) => Promise<FetchResponse>>)[send]!;
      response = await sendRequest.call(this, fetch({ ...common, ...request }));
    } catch (error) {
      session.failed(request);
      throw error;
    }
    const { errorCode = 0, sessionId = 0 } = response;
    return session.answered(request, { errorCode, sessionId }) ? response : this.fetch(options);
  };
}
