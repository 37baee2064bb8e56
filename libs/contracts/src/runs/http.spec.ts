import { describe, expect, it } from 'vitest';
import { ContinueRunRequest, StartRunRequest } from './http.js';

describe('what starts a run', () => {
  const read = (fields: object) => StartRunRequest.safeParse({ input: 'x', ...fields });

  it.each([[60], ['60'], ['6e1']])('has a deadline, as JSON and as a form has it: %j', (deadline_in) => {
    expect(read({ deadline_in }).data?.deadline_in).toBe(60);
  });

  it.each([[undefined], [''], [null]])('has none that is left out: %j', (deadline_in) => {
    expect(read({ deadline_in })).toMatchObject({ success: true });
  });

  it.each([[0], ['0'], [-1], [false], [true], ['soon'], [Number.NaN], [[]]])(
    'is refused rather than taken without a deadline that it has: %j',
    (deadline_in) => expect(read({ deadline_in }).success).toBe(false),
  );
});

it.each([[false], [0], ['0'], ['yes']])('what continues a run is refused with calls that are none: %j', (tools) => {
  expect(ContinueRunRequest.safeParse({ tools }).success).toBe(false);
});
