import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import {
  agent,
  agentVersion,
  byDeputies,
  digest,
  glassBroken,
  linesOf,
  Office,
  previewed,
  rules,
  rulesVersion,
  schema,
  schemaVersion,
} from '../test/evidence.fixtures.js';
import { forgeriesOf } from '../test/forgeries.fixtures.js';
import type { Header } from './bundle.js';
import { verifyEvidence } from './verify.js';

const program = fileURLToPath(new URL('../../../examples/audit/verify.py', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;
const dir = mkdtempSync(join(tmpdir(), 'countersign-evidence-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What Python says of each, in one process. */
function inPython(key: string, bundles: readonly (string | Uint8Array)[]): { holds: boolean; code?: string }[] {
  const files = bundles.map((bundle, n) => {
    const file = join(dir, `${n}.ndjson`);
    writeFileSync(file, bundle);
    return file;
  });
  const { stdout, stderr } = spawnSync('python3', [program, key, ...files], { encoding: 'utf8', maxBuffer: 1e8 });
  expect(stderr).toBe('');
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { holds: boolean; code?: string });
}

/** What both say of each. */
async function compared(key: string, bundles: readonly (string | Uint8Array)[]) {
  const ours = await Promise.all(
    bundles.map((bundle) => verifyEvidence(typeof bundle === 'string' ? Buffer.from(bundle) : bundle, key)),
  );
  const short = ({ holds, code }: { holds: boolean; code?: string }) => (holds ? 'holds' : code);
  return { ours: ours.map(short), python: inPython(key, bundles).map(short) };
}

describe.skipIf(!hasPython)('the verifier in Python', () => {
  it('agrees that what the service exported holds', async () => {
    const golden = (name: string) => readFileSync(new URL(`../test/golden/${name}`, import.meta.url));
    const { ours, python } = await compared(golden('deployment.key').toString().trim(), [golden('deployment.ndjson')]);
    expect(python).toEqual(['holds']);
    expect(ours).toEqual(python);
  });

  it('agrees on bundles that were changed, and on records of what was not allowed', async () => {
    const office = new Office();
    const told = office.story('run-1');
    const bundle = await office.bundle('run-1', told);
    const lines = linesOf(bundle);
    const entries = lines.length >> 1;
    const bits = Array.from({ length: 120 }, (_, n) => {
      const bytes = Buffer.from(bundle);
      const bit = (n * 7_919 * 31) % (8 * bytes.length);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      return bytes;
    });
    const sealed = await Promise.all([
      ...lines.slice(1, 1 + entries).map((_, n) => office.seal(lines.with(n + 1, `${lines[n + 1]} `))),
      ...lines
        .slice(1, entries)
        .map((_, n) => office.seal(lines.with(n + 1, lines[n + 2]!).with(n + 2, lines[n + 1]!))),
      office.seal(lines.slice(0, -1)),
    ]);
    const by = (by: string | null, verdict = 'approved') => ({ by, verdict, at: 1_000 });
    const not = await Promise.all(
      [
        office.story('run-1', { deciders: [by('ana')] }),
        office.story('run-1', { deciders: [], required_approvals: null }),
        office.story('run-1', { deciders: [], required_approvals: 0 }),
        office.story('run-1', { deciders: [by('bob'), by('bob', 'rejected')] }),
        office.story('run-1', { basis: 'rule', policy_version: null }),
        office.story('run-1', { basis: 'audit' }),
        office.story('run-1', { four_eyes: false, deciders: [by(null)] }),
        office.story('run-1', {
          basis: 'grant',
          grant: { given_by: [{ by: 'bob' }], required_approvals: 1, expires_at: 9_999 },
        }),
        office.story('run-1', {
          basis: 'grant',
          grant: { given_by: [{ by: 'ana' }], required_approvals: 1, expires_at: 9_999 },
        }),
        ...glassBroken(office).map(([, story]) => story),
        ...byDeputies(office).map(([, story]) => story),
        previewed(office),
        previewed(office, 'Nothing changes.'),
        previewed(office, '2.0.3 -> 2.1.0', { outcome: 'failed' }),
        previewed(office).filter(({ type }) => type !== 'tool.previewed'),
        office.story('run-1', { resolved_at: 2_001 }),
        office.story('run-1', { digest: digest('other') }),
        office.story('run-1', {}, { 'approval.resolved': { tool_args: { a: 1 } } }),
        office.story('run-1', {}, { 'tool.execution_started': { digest: digest('other') } }),
        office.story('run-1', {}, { 'tool.execution_completed': { result: 'Undeployed.' } }),
        office.story('run-1', {}, { 'tool.approval_required': { agent_id: 'other' } }),
        office.story('run-1', {}, { 'approval.resolved': { resolved_by: 'eve' } }),
        office.story('run-1', {}, {}, { 'tool.execution_started': { digest: digest('other') } }),
        office.story('run-1', {}, {}, { 'tool.execution_completed': { digest: digest('other') } }),
        office.story('run-1', {}, {}, { 'tool.approval_required': { tool_name: 'other' } }),
        office.story('run-1', {}, {}, { 'tool.approval_required': { requested_by: 'bob' } }),
        office.story('run-1', {}, {}, { 'tool.approval_required': { user_id: 'bob' } }),
        [...told, ...office.story('run-1', {}, {}, { 'tool.approval_required': { user_id: 'bob' } }).slice(1, 2)],
        ...told.map(({ type }) => told.filter((each) => each.type !== type)),
      ].map((story) => office.bundle('run-1', story)),
    );
    const { ours, python } = await compared(office.key, [bundle, ...bits, ...sealed, ...not]);
    expect(python[0]).toBe('holds');
    expect(python.slice(1, 121)).not.toContain('holds');
    expect(new Set(python).size).toBeGreaterThan(8);
    expect(python).toEqual(ours);
  });

  it('agrees on what is forged beside an honest run, and on runs of which all is', async () => {
    const office = new Office();
    const told = office.story('run-1');
    const forgeries = forgeriesOf(office, told).map(([, forged]) => forged);
    const stories = [
      ...forgeries.map((forged) => [forged, ...told]),
      [...told, ...forgeries].toReversed(),
      ...forgeries.map((forged) => told.map((each) => (each.type === forged.type ? forged : each))),
    ];
    const { ours, python } = await compared(
      office.key,
      await Promise.all(stories.map((each) => office.bundle('run-1', each))),
    );
    const honest = forgeries.length + 1;
    expect(new Set(python.slice(0, honest))).toEqual(new Set(['holds']));
    // Without an outcome that is about it, a call has none yet; and a verdict alone proves nothing.
    expect(python.slice(honest).filter((each) => each === 'holds')).toHaveLength(3);
    expect(python).toEqual(ours);
  });

  it('agrees on keys that were withdrawn, and on texts of versions', async () => {
    const office = new Office();
    const told = office.story('run-1');
    const heads: ((keys: Header['keys']) => Record<string, unknown>)[] = [
      ...[0, 1, 3, 5, 6, 7, 9, 11, 13, 20].flatMap((until) =>
        (['decisions', 'requests', 'results'] as const).map((kind) => (keys: Header['keys']) => ({
          keys: { ...keys, [kind]: keys[kind].map((key) => ({ ...key, until })) },
        })),
      ),
      (keys) => ({ keys: { ...keys, results: [{ ...keys.results[0]!, until: 0 }, ...keys.results] } }),
      (keys) => ({ keys: { ...keys, results: [{ ...keys.results[0]!, until: '7' }] } }),
      (keys) => ({ keys: { ...keys, results: [null] } }),
      ...[undefined, [], null, {}, [null], [{ version: rulesVersion }]].map((given) => () => ({ rules: given })),
      ...[rules, { ...rules, default: 'approve' }, {}].map((given) => () => ({
        rules: [{ version: rulesVersion, rules: given }],
      })),
      ...[undefined, [], [null], [agent], { ...agent, instructions: 'Do not.' }, agent].map((given) => () => ({
        agents: Array.isArray(given) ? given : given && [{ version: agentVersion, definition: given }],
      })),
      ...[undefined, [], [1], { ...schema, type: 'string' }, schema].map((given) => () => ({
        schemas: Array.isArray(given) ? given : given && [{ version: schemaVersion, schema: given }],
      })),
    ];
    const bundles = await Promise.all(heads.map((head) => office.bundle('run-1', told, head)));
    const { ours, python } = await compared(office.key, bundles);
    expect(new Set(python).size).toBeGreaterThan(5);
    expect(python).toEqual(ours);
  });

  it('agrees on what is missing, and ends with 9 for that', async () => {
    const office = new Office();
    const told = office.story('run-1');
    const named = (...ids: (readonly [string, (string | undefined)?, unknown?])[]) =>
      office.bundle(
        'run-1',
        told.map((each, n) => ({
          ...each,
          ...(ids[n] && { id: ids[n][0] }),
          ...(ids[n]?.[1] !== undefined && { causationid: ids[n][1] }),
          ...(ids[n]?.[2] !== undefined && { record_sequence: ids[n][2] }),
        })),
      );
    const approvals = 'approvals/run-1-approval';
    const bundles = await Promise.all([
      named(['runs/run-1/2/1'], ['x', 'runs/run-1/1/0'], ['runs/run-1/2/2', `${approvals}/3/1`]),
      named(['runs/run-1/1/0'], ['x', 'runs/run-1/1/0'], ['y', 'runs/run-2/1/0'], ['z', 'approvals/other/1/0']),
      named([`${approvals}/1/1`], [`${approvals}/1/0`], [`${approvals}/1/01`], ['runs/run-1/1/²'], ['runs/run-1/1/٣']),
      named(['runs/run-1/1/0', undefined, 2], ['runs/run-1/2/0', undefined, 2], ['runs/run-1/9/0', undefined, 99]),
      named(['runs/run-1/3/0', undefined, 2], ['runs/run-1/1/0'], ['runs/run-1/5/0', undefined, 4], ['runs/run-1/6/1']),
      named(['runs/run-1/1/0', undefined, 1.5], ['a/1/1', undefined, 1e21], ['a/2/0', 'a/1/0', 4], ['b', undefined, 3]),
      named(['runs/run-1/2/0', undefined, '7'], ['runs/run-1/4/0', undefined, true], ['a/0/0', undefined, -0]),
      named(['a\n/1/1'], ['b', 'a\n/2/0'], ['runs/run-1/1/99999999999'], ['/1/1'], ['1/1']),
    ]);
    const ours = await Promise.all(bundles.map((bundle) => verifyEvidence(Buffer.from(bundle), office.key)));
    const ids = ours.map((report) => report.holds && report.missing.map(({ id }) => id).toSorted());
    expect(ids.map((each) => each && each.length)).toEqual([3, 0, 0, 2, 2, 2, 0, 2]);
    const said = (report: unknown) => {
      const { missing, repeated, unnumbered } = report as { missing: string[]; repeated: string[]; unnumbered: number };
      return { missing: missing.toSorted(), repeated, unnumbered };
    };
    expect(inPython(office.key, bundles).map(said)).toEqual(
      ours
        .map((report, n) => {
          if (!report.holds) throw new Error(report.message);
          return { ...report, missing: ids[n], repeated: report.repeated.map(({ id }) => id) };
        })
        .map(said),
    );
    expect(spawnSync('python3', [program, office.key, join(dir, '0.ndjson')]).status).toBe(9);
  });

  it('ends with 1 when something does not hold', () => {
    writeFileSync(join(dir, 'none.ndjson'), 'nothing');
    const { status, stdout } = spawnSync('python3', [program, new Office().key, join(dir, 'none.ndjson')], {
      encoding: 'utf8',
    });
    expect([status, JSON.parse(stdout)]).toMatchObject([1, { holds: false, code: 'malformed' }]);
  });
});
