import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as native from './native.js';
import * as portable from './portable.js';

it('is the same in Node and in a browser', () => {
  expect(portable.sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(portable.sha256Hex(text)).toBe(native.sha256Hex(text));
    }),
  );
});
