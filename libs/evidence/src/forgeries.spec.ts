import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Office, type Data, type Told } from '../test/evidence.fixtures.js';
import { forgeriesOf, signed } from '../test/forgeries.fixtures.js';
import { verifyEvidence } from './verify.js';

const office = new Office();
const told = office.story('run-1');
const forgeries = forgeriesOf(office, told);
const verify = async (all: readonly Told[]) =>
  verifyEvidence(Buffer.from(await office.bundle('run-1', all)), office.key);
const honest = await verify(told);
const unsigned = (type: string) => {
  const { data } = told.find((each) => each.type === type)!;
  return { type, data: { ...data, signature: null } satisfies Data };
};

/** Whoever may write to a topic can do this to every run. */
describe('an honest run with events that are not authentic beside its own', () => {
  it.each(forgeries)('holds with %s, which is noted, before them or after', async (_, forged) => {
    for (const all of [
      [forged, ...told],
      [...told, forged],
    ]) {
      const report = await verify(all);
      expect(report).toMatchObject({ holds: true, calls: honest.holds && honest.calls });
      expect(report.holds && report.notes).toHaveLength(1);
    }
  });

  it('holds with any of them anywhere, and in whatever order all was recorded', async () => {
    const any = fc.shuffledSubarray(forgeries.map(([, forged]) => forged));
    await fc.assert(
      fc.asyncProperty(any, fc.infiniteStream(fc.nat()), async (forged, random) => {
        const all = [...told, ...forged];
        for (let n = all.length - 1; n > 0; n--) {
          const other = random.next().value! % (n + 1);
          [all[n], all[other]] = [all[other]!, all[n]!];
        }
        const report = await verify(all);
        expect(report).toMatchObject({ holds: true, calls: honest.holds && honest.calls });
        expect(report.holds && report.notes).toHaveLength(forged.length);
      }),
      { numRuns: 150 },
    );
  });

  it.each(signed)('does not hold with none but a forged %s', async (type) => {
    const forged = told.map((each) => (each.type === type ? unsigned(type) : each));
    expect(await verify(forged)).toMatchObject({ holds: false, code: expect.stringMatching(/_(signature|missing)$/) });
  });

  it('holds where nothing began, whatever is said to have', async () => {
    const waiting = told.slice(0, 3);
    const forged = signed.slice(1).map((type) => unsigned(type));
    expect(await verify([...waiting, ...forged])).toMatchObject({ holds: true, calls: [] });
  });
});
