import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/problems.fixtures.js';
import { ExecuteEntry } from './execute.js';
import { TermsEntry } from './terms.js';

const spellings: [former: object, current: object][] = [
  [{ promise: 'idempotent' }, { semantics: 'idempotent' }],
  [{ retry_after: '5s' }, { retry: { delay: '5s' } }],
  [{ retry_after_at_most: 90 }, { retry: { max_delay: '90s' } }],
  [
    { promise: 'at_most_once', retry_after: 5, retry_after_at_most: '10m' },
    { semantics: 'at_most_once', retry: { delay: 5, max_delay: '10m' } },
  ],
];

describe('the terms of a call', () => {
  it('have defaults', () => {
    const plain = { semantics: 'at_most_once', attempts: 3, retry: { delay: 1, max_delay: 60 } };
    expect(TermsEntry.parse({})).toEqual(plain);
    expect(TermsEntry.parse({ retry: {} })).toEqual(plain);
  });

  it.each(spellings)('mean the same under their former names: %j', (former, current) => {
    expect(TermsEntry.parse(former)).toEqual(TermsEntry.parse(current));
    const manual = { manual: {} };
    expect(ExecuteEntry.parse({ ...manual, ...former })).toEqual(ExecuteEntry.parse({ ...manual, ...current }));
  });

  it('may be under former and present names, each under one', () => {
    const mixed = TermsEntry.parse({ retry: { delay: 2 }, retry_after_at_most: 7 });
    expect(mixed.retry).toEqual({ delay: 2, max_delay: 7 });
  });

  it.each([
    ['promise', 'semantics', { promise: 'idempotent', semantics: 'idempotent' }],
    ['promise', 'semantics', { promise: 'idempotent', semantics: 'at_most_once' }],
    ['retry_after', 'retry.delay', { retry_after: 1, retry: { delay: 1 } }],
    ['retry_after_at_most', 'retry.max_delay', { retry_after_at_most: 1, retry: { max_delay: 1 } }],
  ])('are not under both names: %s and %s', (former, current, terms) => {
    const { error } = TermsEntry.safeParse(terms);
    expect(error?.issues).toMatchObject([
      { path: [former], message: `is the former name of ${current}, which is set too` },
    ]);
  });

  it('say at which place a term is named twice', () => {
    const tools = (execute: string) =>
      `tools:\n  - { name: t, description: T., parameters: { type: object }, execute: { manual: {}, ${execute} } }`;
    const server = (execute: string) =>
      `mcp_servers:\n  - { name: s, url: 'http://s', tools: { t: { approval: required, execute: ${execute} } } }`;
    const message = 'is the former name of semantics, which is set too';
    expect(problemsOf(tools('promise: idempotent, semantics: idempotent'))).toEqual([
      `2:86 tools.0.execute.promise: ${message}`,
    ]);
    expect(problemsOf(server('{ promise: idempotent, semantics: idempotent }'))).toEqual([
      expect.stringContaining(`mcp_servers.0.tools.t.execute.promise: ${message}`),
    ]);
  });

  it.each([{ retry: { after: 1 } }, { retry: { delay: 'soon' } }, { retry: 5 }, { semantics: 'exactly_once' }])(
    'refuse %j',
    (terms) => expect(TermsEntry.safeParse(terms).success).toBe(false),
  );
});
