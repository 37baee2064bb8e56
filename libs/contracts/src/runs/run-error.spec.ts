import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RunErrorCode } from './run-error.js';
import { mayRetry, needsOperator, runErrors } from './run-errors.js';

it('each reason why a run waits or ends is in the documentation', () => {
  const page = readFileSync(new URL('../../../../docs/http.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ');
  for (const [code, { says }] of Object.entries(runErrors))
    expect([code, page.includes(`| \`${code}\` | `) && page.includes(says)]).toEqual([code, true]);
});

it('a run that ended by a limit or is of another is over for good; one from before there were codes is not', () => {
  const final = RunErrorCode.options.filter((code) => runErrors[code].then === 'ends' && !mayRetry(code));
  expect(final).toEqual(['session_refused', 'max_steps_reached', 'token_budget_spent', 'time_budget_spent']);
  expect([mayRetry(null), needsOperator('model_unauthorized'), needsOperator('model_unavailable')]).toEqual([
    true,
    true,
    false,
  ]);
});
