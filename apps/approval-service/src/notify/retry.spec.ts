import { describe, expect, it } from 'vitest';
import { now } from './notify.given.js';
import { mayPass, retryAfter } from './retry.js';

describe('Retry-After', () => {
  it.each([
    ['seconds', '120', 120_000],
    ['a date', new Date(now + 60_000).toUTCString(), 60_000],
    ['a date that is past', new Date(now - 60_000).toUTCString(), 0],
    ['nothing that is known', 'soon', null],
    ['nothing', '', null],
    ['no header', undefined, null],
  ])('may be %s', (_, header, expected) => {
    expect(retryAfter(header, now)).toBe(expected);
  });
});

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
