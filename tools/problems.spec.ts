import { problems } from '@countersign/contracts/problems';
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const sources = globSync('{apps,libs}/*/src/**/*.ts')
  .filter((file) => !/\.(spec|given|contract)\.ts$/.test(file) && !file.startsWith('libs/testing/'))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

const filesWith = (pattern: RegExp): string[] =>
  sources.flatMap(({ file, text }) => (pattern.test(text) ? [file] : [])).toSorted();

/** Where HTTP is spoken: what decides, and what hears events, returns codes. */
const edge = [
  /^libs\/(auth|service)\//,
  /\/http\/(?!.*-events\.controller)/,
  /^(?!.*-events\.controller).*\.controller\.ts$/,
  /^libs\/contracts\/src\/problems\//,
];

/** `ProblemError` takes only codes of the catalogue; here nothing else can refuse a request. */
describe('what is wrong with a request', () => {
  it('is thrown as nothing else than a problem with a code', () => {
    const others =
      /\b(HttpException|(BadRequest|Unauthorized|Forbidden|NotFound|Conflict|Gone|PayloadTooLarge|UnprocessableEntity|InternalServerError|ServiceUnavailable)Exception)\b/;
    expect(filesWith(others)).toEqual(['libs/service/src/http/problem.filter.ts']);
    expect(filesWith(/statusCode: ?[45]\d\d|\.(status|code)\([45]\d\d\)/)).toEqual([]);
  });

  it('is written where the filter writes it, and where a service that is handed a request is away', () => {
    expect(filesWith(/header\('content-type', 'application\/problem\+json'\)/)).toEqual([
      'apps/approval-service/src/http/forward.ts',
      'libs/service/src/http/problem.filter.ts',
    ]);
  });

  it('is made at the edge alone, so that no handler of the bus meets it', () => {
    const inside = filesWith(/\bProblemError\b/).filter((file) => !edge.some((pattern) => pattern.test(file)));
    expect(inside).toEqual([]);
  });

  it('has a code that somebody uses, and none besides', () => {
    const all = sources.filter(({ file }) => file !== 'libs/contracts/src/problems/catalogue.ts');
    const unused = Object.keys(problems).filter((code) => !all.some(({ text }) => text.includes(`'${code}'`)));
    expect(unused).toEqual([]);
  });
});
