import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf, Office, rules, rulesVersion } from '../test/evidence.fixtures.js';
import type { Header } from './bundle.js';
import { verifyEvidence } from './verify.js';

const office = new Office();
const told = office.story('run-1');
const verify = async (bundle: Promise<string>) => verifyEvidence(Buffer.from(await bundle), office.key);
const problemOf = async (bundle: Promise<string>) => {
  const report = await verify(bundle);
  return report.holds ? null : report.code;
};
/** The places of the story in the record. */
const places = linesOf(await office.bundle('run-1', told))
  .slice(-told.length)
  .map((line) => (JSON.parse(line) as { index: number }).index);
const placeOf = (type: string) => places[told.findIndex((each) => each.type === type)]!;

describe('the keys of a bundle', () => {
  const withdrawn = (kind: keyof Header['keys'], until: number) => (keys: Header['keys']) => ({
    keys: { ...keys, [kind]: keys[kind].map((key) => ({ ...key, until })) },
  });

  it.each<[keyof Header['keys'], string, string]>([
    ['requests', 'tool.approval_required', 'request_signature'],
    ['decisions', 'approval.resolved', 'decision_missing'],
    ['results', 'tool.execution_completed', 'result_signature'],
  ])(
    'of %s hold for what was on record before they were withdrawn, and for nothing after',
    async (kind, type, code) => {
      const place = placeOf(type);
      expect(await problemOf(office.bundle('run-1', told, withdrawn(kind, place + 1)))).toBeNull();
      expect(await problemOf(office.bundle('run-1', told, withdrawn(kind, place)))).toBe(code);
      expect(await problemOf(office.bundle('run-1', told, withdrawn(kind, 0)))).toMatch(/_(signature|missing)$/);
    },
  );

  it('may be several, one after the other, also under one name', async () => {
    const before = new Office();
    const old = before.story('run-1');
    const all = told.map((each, n) => (n <= 2 ? old[n]! : each));
    const both = (of: Partial<Header['keys']['requests'][number]>) => (keys: Header['keys']) => ({
      keys: { ...keys, requests: [{ kid: 'requests', x: before.requests.x, ...of }, ...keys.requests] },
    });
    const until = placeOf('tool.approval_required') + 1;
    expect(await problemOf(office.bundle('run-1', all, both({ until })))).toBeNull();
    expect(await problemOf(office.bundle('run-1', all, both({ kid: 'before' })))).toBe('request_signature');
    expect(await problemOf(office.bundle('run-1', told, both({ until: 0 })))).toBeNull();
  });

  it.each([[{ until: -1.5 }], [{ until: '7' }], [{ until: null }], [{ kid: 1 }], [{ x: null }]])(
    'are refused when they are none: %j',
    async (change) => {
      const broken = (keys: Header['keys']) => ({
        keys: { ...keys, results: keys.results.map((key) => ({ ...key, ...change })) },
      });
      expect(await problemOf(office.bundle('run-1', told, broken))).toBe('malformed');
    },
  );
});

describe('the rules of a bundle', () => {
  const of = (given: unknown) => office.bundle('run-1', told, () => ({ rules: given }));

  it('are shown, and are those that the decision names', async () => {
    expect(await verify(of([{ version: rulesVersion, rules }]))).toMatchObject({
      holds: true,
      notes: [],
      rules: [{ version: rulesVersion, rules }],
      calls: [{ rules_version: rulesVersion }],
    });
  });

  it('that are missing are noted', async () => {
    for (const given of [[], undefined])
      expect(await verify(of(given))).toMatchObject({ holds: true, notes: [expect.stringContaining(rulesVersion)] });
  });

  it('are others when anything in them is', async () => {
    for (const other of [{ ...rules, default: 'approve' }, { ...rules, rules: [] }, {}])
      expect(await problemOf(of([{ version: rulesVersion, rules: other }]))).toBe('rules');
    for (const version of ['', rulesVersion.slice(0, 8), `${rulesVersion}0`, rulesVersion.toUpperCase()])
      expect(await problemOf(of([{ version, rules }]))).toBe('rules');
    for (const broken of [
      null,
      {},
      [null],
      [{ version: rulesVersion }],
      [{ version: 1, rules }],
      [{ version: rulesVersion, rules: [] }],
    ])
      expect(await problemOf(of(broken))).toBe('malformed');
  });

  it('are others whatever character of them is changed', async () => {
    const text = JSON.stringify(rules);
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom(...'{}[],:"aZ019'), async (place, char) => {
        fc.pre(text[place] !== char);
        let other: unknown;
        try {
          other = JSON.parse(text.slice(0, place) + char + text.slice(place + 1));
        } catch {
          return;
        }
        // A number may be written in several ways.
        if (JSON.stringify(other) === text) return;
        expect(await problemOf(of([{ version: rulesVersion, rules: other }]))).toMatch(/^(rules|malformed)$/);
      }),
      { numRuns: 500 },
    );
  });
});
