import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  byDeputies,
  digest,
  glassBroken,
  linesOf,
  Office,
  previewed,
  type Data,
  type Told,
} from '../test/evidence.fixtures.js';
import { verifyEvidence, type Report } from './verify.js';

const golden = (name: string): Buffer => readFileSync(new URL(`../test/golden/${name}`, import.meta.url));
const office = new Office();
const verify = (bundle: string | Uint8Array, key = office.key): Promise<Report> =>
  verifyEvidence(typeof bundle === 'string' ? Buffer.from(bundle) : bundle, key);
const problemOf = async (bundle: string): Promise<string | null> => {
  const report = await verify(bundle);
  return report.holds ? null : report.code;
};
const bundle = await office.bundle('run-1', office.story('run-1'));
const lines = linesOf(bundle);
/** Lines of entries, and those of their proofs. */
const entries = lines.length >> 1;

describe('a bundle of evidence', () => {
  it('holds when all of it is true', async () => {
    expect(await verify(bundle)).toMatchObject({
      holds: true,
      run_id: 'run-1',
      origin: 'example.com/record',
      notes: [],
      calls: [
        {
          tool_name: 'deploy',
          basis: 'people',
          approved_by: ['bob'],
          arguments_checked: true,
          start_signed_by: 'results',
          outcome: 'succeeded',
        },
      ],
    });
  });

  const [[, sound], ...unsound] = glassBroken(office) as [[string, Told[]], ...[string, Told[]][]];

  it('says who approved alone in an emergency, as a rule let them', async () => {
    expect(await verify(await office.bundle('run-1', sound))).toMatchObject({
      holds: true,
      calls: [{ basis: 'people', approved_by: ['bob'], break_glass: { by: 'bob', group: 'incident' } }],
    });
    const ordinary = await verify(bundle);
    expect(ordinary.holds && ordinary.calls[0]!.break_glass).toBeNull();
  });

  it.each(unsound)('does not hold with an emergency %s', async (_, story) => {
    expect(await problemOf(await office.bundle('run-1', story))).toMatch(/^decision_(unfounded|missing)$/);
  });

  const [[, byDeputy], ...notByDeputy] = byDeputies(office) as [[string, Told[]], ...[string, Told[]][]];

  it('counts a deputy in the place of whoever named them', async () => {
    const calls = [{ approved_by: ['dave', 'carol'] }];
    expect(await verify(await office.bundle('run-1', byDeputy))).toMatchObject({ holds: true, calls });
  });

  it.each(notByDeputy)('does not hold where two had to approve, by a deputy %s', async (_, story) => {
    expect(await problemOf(await office.bundle('run-1', story))).toBe('decision_unfounded');
  });

  it('holds with a decision on what an executor has shown, and on nothing else', async () => {
    const of = async (story: Told[]) => problemOf(await office.bundle('run-1', story));
    expect(await of(previewed(office))).toBeNull();
    expect(await of(previewed(office, 'Nothing changes.'))).toBe('preview_missing');
    expect(await of(previewed(office, '2.0.3 -> 2.1.0', { outcome: 'failed' }))).toBe('preview_missing');
    expect(await of(previewed(office, '2.0.3 -> 2.1.0', { text_digest: digest('x') }))).toBe('preview_missing');
    const unshown = previewed(office).filter(({ type }) => type !== 'tool.previewed');
    expect(await of(unshown)).toBe('preview_missing');
    const undecided = previewed(office).map((told) =>
      told.type === 'approval.resolved' ? { ...told, data: { ...told.data, preview_digest: null } } : told,
    );
    expect(await of(undecided)).toBe('other_call');
  });

  it('holds as it was exported by the service', async () => {
    const key = golden('deployment.key').toString().trim();
    expect(await verify(golden('deployment.ndjson'), key)).toMatchObject({
      holds: true,
      // It is older than the rules in evidence.
      notes: [expect.stringContaining('are not in this evidence')],
      calls: [{ approved_by: ['ada'] }],
    });
  });

  it('holds by the key that is trusted, and by no other', async () => {
    expect(await verify(bundle, new Office().key)).toMatchObject({ holds: false, code: 'seal' });
    await expect(verify(bundle, 'no key')).rejects.toThrow('verifier key');
  });

  it('does not hold with any single bit changed', async () => {
    const bytes = Buffer.from(bundle);
    await fc.assert(
      fc.asyncProperty(fc.nat(8 * bytes.length - 1), async (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect((await verify(changed)).holds).toBe(false);
      }),
      { numRuns: 4_000 },
    );
  });

  it('does not hold when it is cut off anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bundle.length - 1), async (end) => {
        expect((await verify(bundle.slice(0, end))).holds).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

/** Whoever writes bundles may seal what they like; what they cannot do is change the record that a checkpoint is of. */
describe('a bundle that was changed and sealed anew', () => {
  const changes = fc.record({
    how: fc.nat(4),
    at: fc.nat(entries - 1),
    other: fc.nat(entries - 1),
    bit: fc.nat(7),
    place: fc.nat(),
  });

  it('does not hold with entries changed, dropped, repeated or in another order', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async ({ how, at, other, bit, place }) => {
        const proofs = lines.slice(1 + entries);
        const leaves = lines.slice(1, 1 + entries);
        const header = JSON.parse(lines[0]!) as { entries: number };
        if (how === 0) leaves[at] = flipped(leaves[at]!, place, bit);
        if (how === 1) [leaves, proofs].forEach((list) => list.splice(at, 1));
        if (how === 2) [leaves, proofs].forEach((list) => list.splice(at, 0, list[at]!));
        if (how === 3) [leaves[at], leaves[other]] = [leaves[other]!, leaves[at]!];
        if (how === 4) [leaves, proofs].forEach((list) => ([list[at], list[other]] = [list[other]!, list[at]!]));
        const changed = [JSON.stringify({ ...header, entries: leaves.length }), ...leaves, ...proofs];
        if (changed.slice(1).join('\n') === lines.slice(1).join('\n')) return;
        // Without its last entries a record is one of an earlier time, which the seal alone tells from this one.
        if (how === 1 && at === entries - 1) return;
        expect(await problemOf(await office.seal(changed))).toMatch(/^(sequence|inclusion|malformed)$/);
      }),
      { numRuns: 3_000 },
    );
  });

  it('does not hold spliced of two runs, or of two records', async () => {
    const another = linesOf(await office.bundle('run-2', office.story('run-2')));
    const elsewhere = new Office();
    const foreign = linesOf(await elsewhere.bundle('run-1', elsewhere.story('run-1')));
    for (const from of [another, foreign])
      for (let at = 1; at <= entries; at++) {
        const spliced = lines.map((line, n) => (n === at || n === at + entries ? from[n]! : line));
        expect(await problemOf(await office.seal(spliced))).toMatch(/^(sequence|inclusion)$/);
      }
    expect(await problemOf(await office.seal(foreign))).toBe('checkpoint');
  });

  it.each(['decisions', 'requests', 'results'] as const)('does not hold with other keys for %s', async (kind) => {
    const header = JSON.parse(lines[0]!) as { keys: Record<string, { kid: string; x: string }[]> };
    const others = { ...header.keys, [kind]: [{ kid: kind, x: new Office()[kind].x }] };
    const swapped = await office.seal([JSON.stringify({ ...header, keys: others }), ...lines.slice(1)]);
    const codes = { decisions: 'decision_missing', requests: 'request_signature', results: 'start_signature' };
    expect(await problemOf(swapped)).toBe(codes[kind]);
  });
});

/** Even a whole record proves nothing good of what should not have happened. */
describe('a record of what was not allowed', () => {
  const ofStory = async (told: readonly Told[]) => problemOf(await office.bundle('run-1', told));
  const of = (change: Data, about: Record<string, Data> = {}) => ofStory(office.story('run-1', change, about));
  const decider = (by: string | null, verdict = 'approved') => ({ by, verdict, at: 1_000 });

  it.each<[string, Data]>([
    ['who asked approved', { deciders: [decider('ana')] }],
    ['nobody approved', { deciders: [] }],
    ['somebody without a name approved', { deciders: [decider(null)] }],
    [
      'one person approved twice and two are needed',
      { deciders: [decider('bob'), decider('bob')], required_approvals: 2 },
    ],
    ['somebody approved who rejected', { deciders: [decider('bob'), decider('bob', 'rejected')] }],
    ['nobody knows who asked', { requested_by: null }],
    ['a rule decided that has no name', { basis: 'rule', policy_version: null }],
    [
      'a grant decided that is over',
      { basis: 'grant', grant: { given_by: [{ by: 'bob' }], required_approvals: 1, expires_at: 999 } },
    ],
    [
      'who asked gave the grant',
      { basis: 'grant', grant: { given_by: [{ by: 'ana' }], required_approvals: 1, expires_at: 9_999 } },
    ],
    ['nobody says until when', { act_by: null }],
    ['nobody says how many are needed', { required_approvals: null, deciders: [] }],
    ['none are needed', { required_approvals: 0, deciders: [] }],
    [
      'a grant decided that needs none',
      { basis: 'grant', grant: { given_by: [], required_approvals: 0, expires_at: 9_999 } },
    ],
    ['nothing is said of why', { basis: null }],
  ])('does not hold where %s', async (_, change) => {
    const about = 'requested_by' in change ? { 'approval.resolved': { requested_by: null } } : {};
    expect(await of(change, about)).toMatch(/^(decision_unfounded|other_call)$/);
  });

  it('does not hold where it was approved after it had expired', async () => {
    expect(await of({ resolved_at: 2_001 })).toBe('decision_unfounded');
  });

  it('does not hold where something else was decided on, called or reported', async () => {
    expect(await of({}, { 'approval.resolved': { tool_args: { service: 'auth' } } })).toBe('other_call');
    expect(await of({ digest: digest('other') })).toBe('decision_missing');
    expect(await of({ status: 'rejected' })).toBe('decision_missing');
    expect(await of({}, { 'tool.execution_started': { tool_name: 'undeploy' } })).toBe('start_signature');
    expect(await of({}, { 'tool.execution_completed': { result: 'Undeployed.' } })).toBe('result_signature');
    expect(await of({}, { 'tool.approval_required': { agent_id: 'other' } })).toBe('request_signature');
    expect(await of({}, { 'tool.approval_required': { tool_args: { service: 'auth' } } })).toBe('other_call');
    expect(await of({}, { 'approval.resolved': { resolved_by: 'eve' } })).toBe('decision_missing');
  });

  it.each<[string, Data]>([
    ['tool.execution_started', { digest: digest('other') }],
    ['tool.execution_started', { tool_name: 'undeploy' }],
    ['tool.execution_started', { execution_id: 'other' }],
    ['tool.execution_completed', { digest: digest('other') }],
    ['tool.approval_required', { tool_name: 'undeploy' }],
  ])('does not hold where who signs %s says another call: %j', async (type, change) => {
    expect(await ofStory(office.story('run-1', {}, {}, { [type]: change }))).toBe('other_call');
  });

  it.each<Data>([{ requested_by: 'bob' }, { user_id: 'bob' }, { requested_by: null }])(
    'does not hold where it was decided on for others than asked: %j',
    async (asker) => {
      const told = office.story('run-1', {}, {}, { 'tool.approval_required': asker });
      expect(await ofStory(told)).toBe('decision_unfounded');
      const request = told.find(({ type }) => type === 'tool.approval_required')!;
      expect(await ofStory([...office.story('run-1'), request])).toBe('decision_unfounded');
    },
  );

  it.each([
    ['tool.approval_required', 'request_missing'],
    ['approval.resolved', 'decision_missing'],
    ['tool.execution_started', 'start_missing'],
  ])('does not hold without %s', async (type, code) => {
    expect(await ofStory(office.story('run-1').filter((each) => each.type !== type))).toBe(code);
  });

  it('does not hold where a decision was made on what nobody asked for, also when nothing came of it', async () => {
    const told = office.story('run-1').filter(({ type }) => /resolved|^run/.test(type));
    expect(await ofStory(told)).toBe('request_missing');
  });
});

describe('a start that no executor signed', () => {
  const told = office.story('run-1');
  const start = told.find(({ type }) => type === 'tool.execution_started')!;
  const unsigned = { ...start, data: { ...start.data, signature: null } };

  it('is said, and is no call beside one that an executor signed', async () => {
    const other = { ...unsigned, data: { ...unsigned.data, approval_id: 'nobody approved it' } };
    const report = await verify(await office.bundle('run-1', [...told, unsigned, other]));
    const said = expect.stringMatching(/a start on the topic is not authentic .* it is not signed/);
    expect(report).toMatchObject({ holds: true, notes: [said, said], calls: [{ start_signed_by: 'results' }] });
  });

  it('does not hold where it is the only one of an approved call', async () => {
    expect(
      await problemOf(
        await office.bundle(
          'run-1',
          told.map((each) => (each === start ? unsigned : each)),
        ),
      ),
    ).toBe('start_signature');
  });
});

describe('the outcome of a call', () => {
  const told = office.story('run-1');
  const later = office.story('run-1', {}, {}, { 'tool.execution_completed': { attempt: 2 } }).at(-2)!;
  const unknown = office.outcome('run-1', 'outcome_unknown', 'Nobody saw.');

  it.each<[string, Told[], string]>([
    ['unknown and then found out', [unknown, told.at(-2)!], 'succeeded'],
    ['found out, which is recorded first', [told.at(-2)!, unknown], 'succeeded'],
    ['unknown', [unknown], 'outcome_unknown'],
    ['that of the last attempt', [later, unknown], 'succeeded'],
    ['not there yet', [], 'running'],
  ])('is %s', async (_, outcomes, expected) => {
    const others = told.filter(({ type }) => type !== 'tool.execution_completed');
    const report = await verify(await office.bundle('run-1', [...outcomes, ...others]));
    expect(report).toMatchObject({ holds: true, calls: [{ outcome: expected }] });
  });

  it('is that of another call where another digest was signed', async () => {
    const outcome = office.outcome('run-1', 'failed', 'No.', { digest: digest('other') });
    expect(await problemOf(await office.bundle('run-1', [outcome, ...told]))).toBe('other_call');
  });
});

function flipped(text: string, place: number, bit: number): string {
  const bytes = Buffer.from(text);
  bytes[place % bytes.length]! ^= 1 << bit;
  const changed = bytes.toString();
  return Buffer.from(changed).equals(bytes) && !changed.includes('\n') ? changed : `${text} `;
}
