import { expect, it } from 'vitest';
import { mayPass } from './retry.js';

it.each([
  [400, false],
  [401, false],
  [404, false],
  [408, true],
  [409, true],
  [410, false],
  [422, false],
  [425, true],
  [429, true],
  [500, true],
  [503, true],
])('a status %i may pass: %s', (status, expected) => {
  expect(mayPass(status)).toBe(expected);
});
