import { describe, expect, it } from 'vitest';
import { groups, terms } from '../../test/policy.fixtures.js';
import type { RequireTerms } from '@countersign/contracts/approvals';
import { strictest } from './terms.js';

type Approvers = RequireTerms['approvers'];
const anybody = (count: number) => ({ group: null, count, members: null });
const managers = (count: number) => ({ group: 'managers', count, members: groups.managers });
const security = (count: number) => ({ group: 'security', count, members: groups.security });

describe('the strictest of terms', () => {
  it.each<[Approvers, Approvers, Approvers]>([
    [[anybody(1)], [anybody(1)], [anybody(1)]],
    [[anybody(1)], [anybody(3)], [anybody(3)]],
    [[managers(2)], [managers(1)], [managers(2)]],
    [[managers(2)], [anybody(1)], [managers(2)]],
    [[managers(1)], [anybody(3)], [managers(1), anybody(2)]],
    [[managers(1), anybody(1)], [security(1)], [managers(1), security(1)]],
    [
      [managers(1), anybody(3)],
      [managers(2), security(1)],
      [managers(2), security(1), anybody(1)],
    ],
  ])('%j and %j asks for %j, whichever comes first', (one, other, approvers) => {
    const both = [terms({ approvers: one }), terms({ approvers: other })] as const;
    expect(strictest(both).approvers).toEqual(approvers);
    const reversed = strictest([both[1], both[0]]).approvers;
    expect(reversed).toHaveLength(approvers.length);
    expect(reversed).toEqual(expect.arrayContaining(approvers));
  });

  it('is the only ones, as they are', () => {
    const escalating = terms({ escalate_after: 60, escalate_to: [{ group: 'leads', members: null }] });
    expect(strictest([escalating])).toEqual(escalating);
  });

  it('lets nobody stand in, since the others may not', () => {
    const escalating = terms({ escalate_after: 60, escalate_to: [{ group: 'leads', members: null }] });
    expect(strictest([escalating, terms()])).toEqual(terms());
  });
});
