import { describe, expect, it } from 'vitest';
import { callWith } from '../../test/adapter.fixtures.js';
import { compileArguments } from './arguments.js';

const scope = { env: { FLAG: '--quiet' } };
const call = callWith({ a: '-x' }, { approved_by: '--force', requester: '-rf', id: '-1' });
const made = (...texts: string[]) => compileArguments(texts, ['a'], scope)(call);

describe('an option of a program', () => {
  it.each(['{{approval.resolved_by}}', '{{run.user_id}}'])('is not what a person is called: %s', (text) => {
    expect(() => made(text)).toThrow(/begins with a dash, so the program would take it for an option/);
    expect(made('--', text)).toHaveLength(2);
    expect(made(`--by=${text}`)).toHaveLength(1);
  });

  it.each(['{{arguments.a}}', '{{env.FLAG}}', '{{execution.id}}'])('is what the file lets through: %s', (text) => {
    expect(made(text)).toEqual([expect.stringMatching(/^-/)]);
  });
});
