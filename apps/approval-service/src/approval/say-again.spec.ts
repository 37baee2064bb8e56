import { after } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { approvalAfter, audited, decided, now, required, ruled, runCancelled } from '../../test/approval.fixtures.js';
import { basis } from '../../test/grant.fixtures.js';
import { decideApproval } from './approval.js';
import type { ApprovalMessage } from './messages.js';

const later = after(now, 3_600_000);
const repeated = required({}, { repeated: true });
const resolvedIn = (events: readonly { type: string; data: unknown }[]) =>
  events.find(({ type }) => type === 'approval.resolved')!.data as object;

describe('a request that comes again, since its run heard nothing', () => {
  it.each<[string, readonly ApprovalMessage[]]>([
    ['by a person', [required(), decided('approved', 'bob')]],
    ['by a rejection', [required(), decided('rejected', 'bob', { note: 'Freeze.' })]],
    ['by a rule', [required({}, {}, { policy: ruled('approve') })]],
    ['by a rule that rejects', [required({}, {}, { policy: ruled('reject'), reason: 'Freeze.' })]],
    ['by a grant', [required({}, {}, { policy: ruled('require'), grant: basis })]],
    ['for the record', [audited]],
    ['by the end of its run', [required(), runCancelled]],
  ])('is answered with what was decided: %s', (_, messages) => {
    const before = approvalAfter(...messages.slice(0, -1));
    const first = decideApproval(messages.length > 1 ? before : undefined, messages.at(-1)!, now);
    if (first.kind !== 'changed') throw new Error(first.reason);
    const again = decideApproval(first.state, repeated, later);
    if (again.kind !== 'changed') throw new Error(again.reason);
    expect(resolvedIn(again.events)).toEqual({ ...resolvedIn(first.events), repeated: true });
    expect(again.state).toEqual({ ...first.state, updated_at: again.state.updated_at });
  });

  it('changes nothing while nobody has decided, and nothing when nobody asked again', () => {
    expect(decideApproval(approvalAfter(required()), repeated, later).kind).toBe('ignored');
    expect(decideApproval(approvalAfter(required(), decided('approved', 'bob')), required(), later).kind).toBe(
      'ignored',
    );
  });

  it('is a new one where it was never heard', () => {
    expect(decideApproval(undefined, repeated, now)).toMatchObject({ kind: 'changed', state: { status: 'pending' } });
  });
});
