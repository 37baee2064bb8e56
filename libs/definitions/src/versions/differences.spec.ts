import { describe, expect, it } from 'vitest';
import { differencesBetween } from './differences.js';

const before = {
  agents: [{ id: 'ops', tools: ['deploy'] }],
  tools: [
    { name: 'deploy', approval: 'required' },
    { name: 'list', approval: 'none' },
  ],
  policies: { rules: [{ name: 'a' }, { name: 'b' }] },
};

describe('the differences of two declarations', () => {
  it('are none where only the order of fields is another', () => {
    expect(differencesBetween({ a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 })).toEqual([]);
  });

  it('are named by what they are of, wherever that stands', () => {
    const after = {
      ...before,
      agents: [{ id: 'ops', tools: ['deploy', 'list'] }],
      tools: [
        { name: 'refund', approval: 'required' },
        { name: 'deploy', approval: 'none' },
      ],
    };
    expect(differencesBetween(before, after)).toEqual([
      { path: 'agents.ops.tools', before: ['deploy'], after: ['deploy', 'list'] },
      { path: 'tools.deploy.approval', before: 'required', after: 'none' },
      { path: 'tools.list', before: { name: 'list', approval: 'none' }, after: undefined },
      { path: 'tools.refund', before: undefined, after: { name: 'refund', approval: 'required' } },
    ]);
  });

  it('are also another order of rules, the first of which decides', () => {
    const after = { ...before, policies: { rules: [{ name: 'b' }, { name: 'a' }] } };
    expect(differencesBetween(before, after)).toEqual([
      { path: 'policies.rules (order)', before: ['a', 'b'], after: ['b', 'a'] },
    ]);
  });
});
