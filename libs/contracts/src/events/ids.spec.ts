import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approvalId, derivedId, eventId } from './ids.js';

const uuidV8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a derived id', () => {
  it('is a UUID of version 8, whatever it is made of', () => {
    fc.assert(fc.property(fc.array(fc.string()), (parts) => uuidV8.test(derivedId(...parts))));
  });

  it('is stable: what was derived last year is derived again', () => {
    expect(derivedId('run', 'release-platform/4711')).toBe('64b8e8e3-475b-813c-aa81-60feaab409ee');
    expect(approvalId('run-1', 'call_1')).toBe('8e234284-4008-8121-a29d-b376827f7591');
  });

  it('keeps its parts apart', () => {
    const ids = [derivedId('a', 'bc'), derivedId('ab', 'c'), derivedId('abc'), derivedId('a', 'b', 'c'), derivedId()];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the id of an event', () => {
  it('names the transition it comes from, and its place in it', () => {
    expect(eventId('runs', 'run-1', 3, 0)).toBe('runs/run-1/3/0');
  });
});
