import { canonicalJson } from '@countersign/contracts/json';
import fc from 'fast-check';
import { validateHeaderValue } from 'node:http';
import { describe, expect, it } from 'vitest';
import { callWith } from '../../test/adapter.fixtures.js';
import { compileHeaders } from './headers.js';
import { compileJson } from './json.js';
import { compileTemplate } from './template.js';
import { compileUrl } from './url.js';

const scope = { env: { API: 'https://api.example/v1', TOKEN: 't0ken' } };

/** Texts that have broken something somewhere, and any other. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '../../admin',
    '..\\admin',
    '%2e%2e%2fadmin',
    '//evil.example',
    '@evil.example',
    'a/../b',
    'a?b=c&d#e',
    'a&admin=true',
    'a;b',
    'x\r\nx-admin: true',
    'x\nGET / HTTP/1.1',
    '\0',
    '\ud800',
    '"},"admin":true,"x":{"y":"',
    '{{env.TOKEN}}',
    '{{arguments.other}}',
    '$(touch x)',
    '; rm -rf /',
    '--force',
    '$& $1 $`',
    '__proto__',
    'é日本',
  ),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
);
const value = fc.oneof(text, fc.jsonValue() as fc.Arbitrary<unknown>);
/** What it makes, or `undefined` when it refuses, which is always allowed. */
const made = <T>(make: () => T): T | undefined => {
  try {
    return make();
  } catch {
    return undefined;
  }
};

describe('whatever an argument is', () => {
  it('it stays within its argument of a program', () => {
    const template = compileTemplate('--a={{arguments.a}}', scope);
    fc.assert(
      fc.property(text, (a) => {
        expect(template(callWith({ a }))).toBe(`--a=${a}`);
      }),
    );
  });

  it('it stays within its segment of a path and its value of a query', () => {
    const url = compileUrl('{{env.API}}/x/{{arguments.a}}/y?b={{arguments.b}}&c=1', scope);
    fc.assert(
      fc.property(value, value, (a, b) => {
        const found = made(() => url(callWith({ a, b })));
        if (!found) return;
        expect(found).toMatchObject({ origin: 'https://api.example', username: '', password: '', hash: '' });
        expect(found.pathname.split('/')).toEqual(['', 'v1', 'x', expect.anything(), 'y']);
        const asText = (one: unknown) => (typeof one === 'string' ? one : canonicalJson(one));
        expect(decodeURIComponent(found.pathname.split('/')[3]!)).toBe(asText(a));
        const parameters = [...found.searchParams];
        expect(parameters).toEqual(
          b === null
            ? [['c', '1']]
            : [
                ['b', asText(b)],
                ['c', '1'],
              ],
        );
      }),
    );
  });

  it.each(['', '.', '..', '../x', 'a/../b', 'a//b', '/a', 'a/', '..\\x', '\ud800'])(
    'it leads nowhere else: %j in a path is refused, and not told',
    (a) => {
      const url = compileUrl('https://api.example/x/{{arguments.a}}', scope);
      expect(() => url(callWith({ a }))).toThrow(/^{{arguments.a}} (would lead to another path|has characters)/);
    },
  );

  it('it stays within its header', () => {
    const headers = compileHeaders({ 'X-A': 'a {{arguments.a}}', authorization: 'Bearer {{env.TOKEN}}' }, scope);
    fc.assert(
      fc.property(text, (a) => {
        const found = made(() => headers(callWith({ a })));
        if (!found) return;
        expect(found).toEqual({ 'x-a': `a ${a}`, authorization: 'Bearer t0ken' });
        expect(() => validateHeaderValue('x-a', found['x-a']!)).not.toThrow();
      }),
    );
  });

  it.each(['a\r\nb', 'a\nb', '\0', '日本'])('it ends no header: %j is refused, and not repeated', (a) => {
    const headers = compileHeaders({ 'X-A': '{{arguments.a}}' }, scope);
    expect(() => headers(callWith({ a }))).toThrow('the header x-a would have characters that no header can have');
  });

  it('it stays within its field of a JSON value, and is what it was', () => {
    const body = compileJson(
      { whole: '{{arguments.a}}', part: 'a {{arguments.a}}', list: [1, '{{arguments.a}}'], fixed: { admin: false } },
      scope,
    );
    fc.assert(
      fc.property(value, (a) => {
        if (a === null) return;
        const part = `a ${typeof a === 'string' ? a : canonicalJson(a)}`;
        expect(body(callWith({ a }))).toEqual({ whole: a, part, list: [1, a], fixed: { admin: false } });
      }),
    );
  });
});

describe('what was not given', () => {
  it('is left out of a query, the headers and a JSON value', () => {
    const call = callWith({ b: null });
    expect(compileUrl('https://x.example/?a={{arguments.a}}&b={{arguments.b}}', scope)(call).search).toBe('');
    expect(compileHeaders({ a: '{{arguments.a}}', b: 'b {{arguments.b}}' }, scope)(call)).toEqual({});
    const body = { a: '{{arguments.a}}', b: ['{{arguments.b}}', null, 0], c: { d: '{{arguments.a}}' } };
    expect(compileJson(body, scope)(call)).toEqual({ b: [null, 0], c: {} });
  });

  it('cannot be left out of a path', () => {
    const url = compileUrl('https://x.example/{{arguments.a}}/b', scope);
    expect(() => url(callWith({ a: null }))).toThrow('{{arguments.a}} is missing, and is part of a path');
  });
});

describe('what the file itself says', () => {
  it('is kept as it is, with values of every type', () => {
    const body = {
      text: 'a',
      number: 1.5,
      flag: true,
      nothing: null,
      list: [[], {}],
      attempt: '{{execution.attempt}}',
    };
    expect(compileJson(body, scope)(callWith())).toEqual({ ...body, attempt: 1 });
    expect(compileUrl('{{env.API}}/a%20b/?x=%26&y', scope)(callWith()).href).toBe(
      'https://api.example/v1/a%20b/?x=%26&y',
    );
  });

  it.each(['ftp://x', 'api.example', 'https://', 'https://u:p@x', 'https://x/?a=b', 'https://x/#a'])(
    'cannot begin with the address %s of the environment, which is not told',
    (API) => {
      const compile = () => compileUrl('{{env.API}}/a', { ...scope, env: { API } });
      expect(compile).toThrow(/^\{\{env.API\}\}\/a (does not begin with a URL|begins with a URL that has more)/);
    },
  );

  it('has no secret with a line break in a header: the executor does not start', () => {
    const compile = () =>
      compileHeaders({ authorization: 'Bearer {{env.TOKEN}}' }, { ...scope, env: { TOKEN: 't0ken\n' } });
    expect(compile).toThrow('The environment variable TOKEN has characters that no header can have');
  });
});
