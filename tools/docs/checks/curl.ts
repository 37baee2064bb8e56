import { expect } from 'vitest';
import type { Http } from './http.js';

/** Each option, and whether a value follows. */
const options: Record<string, boolean> = {
  '-H': true,
  '-X': true,
  '-d': true,
  '--json': true,
  '-N': false,
  '-s': false,
};

/** The route exists, takes this method and these names in the query, and allows the body. */
export function checkCurl(words: readonly string[], http: Http): void {
  const given: [option: string, value: string][] = [];
  const rest: string[] = [];
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-')) rest.push(word);
    else {
      expect(Object.keys(options), `no test knows curl's ${word}`).toContain(word);
      given.push([word, options[word] ? words[++i]! : '']);
    }
  }
  expect(rest, 'curl has one address').toHaveLength(1);
  const [, path, query] = /^(?:\$URL|https?:\/\/[^/]+)(\/[^?]*)(?:\?(.*))?$/.exec(rest[0]!) ?? [];
  expect(path, `${rest[0]} must begin with $URL or http://`).toBeDefined();
  const valuesOf = (option: string) => given.flatMap(([name, value]) => (name === option ? [value] : []));
  const [json] = valuesOf('--json');
  const fields = valuesOf('-d');
  const method = valuesOf('-X')[0] ?? (json !== undefined || fields.length > 0 ? 'POST' : 'GET');

  const operation = http.operation(method, path!);
  for (const [name, value] of new URLSearchParams(query)) http.checkQuery(operation, name, value);
  const body = operation.requestBody ?? {};
  if (json !== undefined) http.checkBody(body, 'application/json', JSON.parse(json));
  if (fields.length > 0)
    http.checkBody(
      body,
      'application/x-www-form-urlencoded',
      Object.fromEntries(fields.map((field) => field.split('='))),
    );
}
