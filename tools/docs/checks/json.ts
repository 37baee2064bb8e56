import { isEventName, parseEventData } from '@countersign/contracts';
import { expect } from 'vitest';
import type { Block } from '../blocks.js';
import type { Http } from './http.js';

/**
 * A block says after its language what it shows: the data of an event by its name (`json run.requested`), a request by
 * its route (`json POST /auth/tokens`), or the answer to one by its status as well (`json POST /auth/tokens 201`).
 */
export function checkJson({ about, text }: Block, http: Http): void {
  const value: unknown = JSON.parse(text);
  if (isEventName(about)) {
    // The schema drops what it does not know.
    expect(parseEventData(about, value)).toMatchObject(value as object);
    return;
  }
  const [, method, path, status] = /^([A-Z]+) (\/\S*)(?: (\d+))?$/.exec(about) ?? [];
  expect(method, 'after ```json there must be an event, or a route and perhaps a status').toBeDefined();
  const operation = http.operation(method!, path!);
  const content =
    status === undefined ? operation.requestBody : (operation.responses[status] ?? operation.responses['default']);
  const type = content?.content?.['application/json'] ? 'application/json' : 'application/problem+json';
  http.checkBody(content ?? {}, type, value);
}
