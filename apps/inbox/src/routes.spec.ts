import { describe, expect, it } from 'vitest';
import { addressOf, routeOf } from './routes.js';

describe('addresses', () => {
  it.each([
    ['/', 'inbox', null],
    ['/inbox', 'inbox', null],
    ['/inbox/', 'inbox', null],
    ['/inbox/approvals', 'inbox', null],
    ['/inbox/approvals/a-1', 'inbox', 'a-1'],
    ['/inbox/runs', 'runs', null],
    ['/inbox/runs/r%2F1', 'runs', 'r/1'],
    ['/inbox/runs/%', 'runs', '%'],
    ['/inbox/dead-letters/d', 'dead-letters', 'd'],
    ['/inbox/runs/r/more', 'unknown', null],
    ['/inbox/elsewhere', 'unknown', null],
    ['/else/runs', 'unknown', null],
  ])('%s shows %s %s', (path, page, id) => {
    expect(routeOf(path)).toEqual({ page, id });
  });

  it.each([
    ['inbox', null],
    ['inbox', 'a/1'],
    ['runs', 'r 1'],
    ['overview', null],
  ] as const)('are made for %s %s, and lead there', (page, id) => {
    expect(routeOf(addressOf(page, id))).toEqual({ page, id });
  });
});
