import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Neither is about time: microseconds of CPU, and a number made of two. */
const notTime = ['apps/agent-runner/src/stream/run-stream.property.spec.ts', 'bench/src/cycles/load.ts'];

const sources = globSync('{apps,libs,e2e,bench,examples,infra,tools}/**/*.{ts,tsx,mjs}', {
  exclude: ['**/{dist,node_modules}/**'],
})
  .filter((file) => !file.startsWith('libs/contracts/src/time/') && !notTime.includes(file))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

/** The compiler tells seconds and milliseconds apart as long as no arithmetic by hand makes plain numbers of them. */
describe('units of time', () => {
  it('are converted by the functions of contracts alone', () => {
    const byHand = sources.filter(({ text }) => /(?<!\w)[*/] ?(1_?000|1e3)\b/.test(text));
    expect(byHand.map(({ file }) => file)).toEqual([]);
  });

  it('are in the names of numbers that are milliseconds', () => {
    const unnamed = /^ *(readonly )?(timeout|ttl|grace|leas(e|ing)|pollEvery|sweepEvery|retryAfter)\??: Millis\b/m;
    const found = sources.filter(({ text }) => unnamed.test(text)).map(({ file }) => file);
    // The name is the SDK's.
    expect(found).toEqual(['libs/mcp/src/connection.ts']);
  });
});
