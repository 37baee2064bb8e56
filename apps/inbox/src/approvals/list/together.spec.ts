import { Presentation } from '@countersign/contracts/presentation';
import { describe, expect, it } from 'vitest';
import { approvalWith, now } from '../../../test/approval.fixtures.js';
import { decidedTogether, leftOut } from './together.js';

const presentation = Presentation.parse({
  environment: { argument: 'environment', values: { production: { risk: 'critical' }, staging: {} } },
});
const to = (environment: string, more: object = {}) =>
  approvalWith({ id: environment, digest: `of ${environment}`, presentation, tool_args: { environment }, ...more });
const all = new Set(['of staging', 'of production', 'of Staging']);
const reasons = (approval: ReturnType<typeof to>, seen = all, verdict: 'approved' | 'rejected' = 'approved') =>
  leftOut({ whole: { approval }, seen, verdict });

describe('several calls that are decided on together', () => {
  it('are only those of which the end was in view', () => {
    expect(reasons(to('staging'), new Set())).toContain('not in view');
    expect(reasons(to('staging'))).toBeNull();
    // What others have changed since is another call.
    expect(reasons({ ...to('staging'), digest: 'of another' })).toContain('not in view');
  });

  it('are none above a low risk, as requested, as changed, or as spelt', () => {
    for (const approval of [
      to('production'),
      to('Staging'),
      to('staging', { approved_args: { environment: 'production' } }),
      to('staging', { tool_args: { environment: 'production' }, approved_args: { environment: 'staging' } }),
    ])
      expect(reasons(approval)).toBe('a call of critical risk is approved alone');
  });

  it('are none that somebody has a question about', () => {
    const asked = { id: 'q', by: 'carol', at: now, text: 'Which region?', answer: null, withdrawn_at: null };
    expect(reasons(to('staging', { questions: [asked] }))).toContain('question');
  });

  it('are rejected without more ado, where they can be read', () => {
    expect(reasons(to('production'), new Set(), 'rejected')).toBeNull();
    const wholes = new Map([
      ['a', { approval: to('production') }],
      ['b', { problem: 'gone' }],
    ]);
    expect(decidedTogether(wholes, { seen: new Set(), verdict: 'rejected' })).toHaveLength(1);
    expect(decidedTogether(wholes, { seen: all, verdict: 'approved' })).toEqual([]);
    expect(decidedTogether(undefined, { seen: all, verdict: 'rejected' })).toEqual([]);
  });
});
