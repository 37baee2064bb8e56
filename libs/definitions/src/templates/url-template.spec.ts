import { describe, expect, it } from 'vitest';
import { parseUrlTemplate } from './url-template.js';

const argument = (name: string) => ({ scope: 'arguments', name });

describe('a URL with placeholders', () => {
  it('is taken apart so that each fills one place, whole', () => {
    expect(parseUrlTemplate('https://api.example:8443/v1/{{arguments.a}}/x?ref={{arguments.b}}&all&n=1=2')).toEqual({
      base: ['https://api.example:8443'],
      segments: ['v1', argument('a'), 'x'],
      query: [
        { name: 'ref', value: argument('b') },
        { name: 'all', value: undefined },
        { name: 'n', value: '1=2' },
      ],
    });
  });

  it.each([
    ['{{env.API}}/v1', [{ scope: 'env', name: 'API' }], ['v1']],
    ['https://{{env.HOST}}.example:{{env.PORT}}/', undefined, ['']],
    ['https://api.example', ['https://api.example'], []],
    ['https://api.example/', ['https://api.example'], ['']],
    [
      'https://api.example/runs/{{response./a/b?}}',
      ['https://api.example'],
      ['runs', { scope: 'response', name: '/a/b?' }],
    ],
  ])('may be %s', (text, base, segments) => {
    const url = parseUrlTemplate(text);
    expect(url.segments).toEqual(segments);
    if (base) expect(url.base).toEqual(base);
  });

  it.each([
    ['/v1', 'must begin with https://, http:// or {{env.NAME}}'],
    ['ftp://x/', 'must begin with'],
    ['https:///x', 'has no host'],
    ['{{arguments.a}}/v1', '{{arguments.a}} cannot choose the scheme or the host'],
    ['https://{{arguments.a}}/', '{{arguments.a}} cannot choose the scheme or the host'],
    ['https://{{arguments.a}}.example/', 'cannot choose the scheme or the host'],
    ['https://x.example:{{execution.id}}/', 'cannot choose the scheme or the host'],
    ['{{response./url}}', 'cannot choose the scheme or the host'],
    ['https://user:{{env.PASSWORD}}@x.example/', 'can have no user or password'],
    ['https://x.example{a/b', 'cannot have {a/b after the host'],
    ['https://x.example/v{{arguments.a}}', 'must fill a path segment whole, unlike v{{arguments.a}}'],
    ['https://x.example/{{arguments.a}}{{arguments.b}}', 'must fill a path segment whole'],
    ['https://x.example/?q=a-{{arguments.a}}', 'must fill a value of the query whole'],
    ['https://x.example/?{{arguments.a}}=1', 'can have no placeholder in the name of a query parameter'],
    ['https://x.example/?{{arguments.a}}', 'can have no placeholder in the name of a query parameter'],
    ['https://x.example/?a=1?b=2', 'has more than one ?'],
    ['https://x.example/#{{arguments.a}}', 'can have no #'],
    ['https://x.example/{{arguments}}', 'is not known'],
  ])('cannot be %s', (text, reason) => {
    expect(() => parseUrlTemplate(text)).toThrow(reason);
  });
});
