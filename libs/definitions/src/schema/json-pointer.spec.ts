import { describe, expect, it } from 'vitest';
import { atPointer, JsonPointer } from './json-pointer.js';

/** The document of RFC 6901, section 5. */
const document = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
};

describe('a JSON pointer', () => {
  it.each([
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('%j finds what the RFC says', (pointer, found) => {
    expect(JsonPointer.parse(pointer)).toBe(pointer);
    expect(atPointer(document, pointer)).toEqual(found);
  });

  it.each([
    '/bar',
    '/foo/2',
    '/foo/-',
    '/foo/00',
    '/foo/length',
    '/foo/0/length',
    '/toString',
    '/__proto__',
    '/a~1b/c',
  ])('%j finds nothing', (pointer) => expect(atPointer(document, pointer)).toBeUndefined());

  it.each(['foo', '/a~', '/a~2', '$.foo'])('is not %j', (text) => {
    expect(JsonPointer.safeParse(text).success).toBe(false);
  });
});
