import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  agent,
  agentVersion,
  linesOf,
  Office,
  rules,
  rulesVersion,
  schema,
  schemaVersion,
} from '../test/evidence.fixtures.js';
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

describe.each([
  ['rules', 'rules', rulesVersion, rules],
  ['agents', 'definition', agentVersion, agent],
  ['schemas', 'schema', schemaVersion, schema],
] as const)('the %s of a bundle', (name, field, version, there) => {
  const of = (given: unknown) => office.bundle('run-1', told, () => ({ [name]: given }));

  it('are those that entries name', async () => {
    expect(await verify(of([{ version, [field]: there }]))).toMatchObject({
      holds: true,
      notes: [],
      rules: [{ version: rulesVersion, rules }],
      agents: [{ version: agentVersion, definition: agent }],
      calls: [{ rules_version: rulesVersion }],
    });
  });

  it('that are missing are noted', async () => {
    for (const given of [[], undefined])
      expect(await verify(of(given))).toMatchObject({ holds: true, notes: [expect.stringContaining(version)] });
  });

  it('are others when anything in them is', async () => {
    for (const other of [{ ...there, default: 'approve' }, { ...there, type: [] }, {}])
      expect(await problemOf(of([{ version, [field]: other }]))).toBe(name);
    for (const called of ['', version.slice(0, 8), `${version}0`, version.toUpperCase()])
      expect(await problemOf(of([{ version: called, [field]: there }]))).toBe(name);
    for (const broken of [
      null,
      {},
      [null],
      [{ version }],
      [{ version: 1, [field]: there }],
      [{ version, [field]: [] }],
    ])
      expect(await problemOf(of(broken))).toBe('malformed');
  });

  it('are others whatever character of them is changed', async () => {
    const text = JSON.stringify(there);
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
        expect([name, 'malformed']).toContain(await problemOf(of([{ version, [field]: other }])));
      }),
      { numRuns: 300 },
    );
  });
});

it('a request is not authentic under another agent than it was signed for', async () => {
  const other = office.story('run-1', {}, { 'tool.approval_required': { agent_version: rulesVersion } });
  expect(await problemOf(office.bundle('run-1', other))).toBe('request_signature');
});
