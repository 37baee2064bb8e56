/**
 * `FUZZ_RUNS=5000 FUZZ_SEED=1 npm run fuzz` tries more than each run of the tests, and other things. Specs say how much is tried
 * otherwise, and from which seed.
 */
const { FUZZ_RUNS, FUZZ_SEED } = process.env;
if (FUZZ_RUNS || FUZZ_SEED) {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({
    ...(FUZZ_RUNS && { numRuns: wholeNumber(FUZZ_RUNS) }),
    ...(FUZZ_SEED && { seed: wholeNumber(FUZZ_SEED) }),
  });
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`FUZZ_RUNS and FUZZ_SEED are whole numbers, and "${text}" is none`);
}
