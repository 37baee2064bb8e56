import { plainRequireTerms, type ResolutionData } from '@countersign/contracts/approvals';
import { Presentation } from '@countersign/contracts/presentation';
import { after } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import {
  approvalAfter,
  continued,
  decided,
  inputRequired,
  now,
  nowSeconds,
  required,
  requirementWith,
} from '../../test/approval.fixtures.js';
import { decideApproval } from '../approval/approval.js';
import { covers, grantIn, type GrantableCall } from './grant-coverage.js';
import {
  approvedWith,
  chosen,
  created,
  grantable,
  grantAfter,
  newGrant,
  toolVersion,
} from '../../test/grant.fixtures.js';

const { agent_id, tool_name, tool_args } = required().event.data;
const call: GrantableCall = {
  approval_id: 'approval-2',
  agent_id,
  tool_name,
  tool_args,
  presentation: null,
  tool_version: toolVersion,
  user_id: 'ana',
  requested_by: 'ana',
  terms: { ...plainRequireTerms, ...grantable, grant: chosen },
};
const grant = grantAfter(created());
const chosenOnly = grantAfter(
  created(newGrant({}, { expires_in: 600, arguments: { service_name: tool_args['service_name'] } })),
);

describe('a call', () => {
  it('is let through with exactly the arguments of the grant', () => {
    expect(covers(grant, call, nowSeconds)).toBe(true);
    expect(covers(grant, { ...call, tool_args: { ...tool_args, more: 1 } }, nowSeconds)).toBe(false);
  });

  it('may have others besides where those that count were chosen', () => {
    expect(chosenOnly).toMatchObject({ covers: 'chosen', arguments: { service_name: 'auth-service' } });
    expect(covers(chosenOnly, { ...call, tool_args: { ...tool_args, version: '9' } }, nowSeconds)).toBe(true);
    expect(covers(chosenOnly, { ...call, tool_args: { version: '2.1.0' } }, nowSeconds)).toBe(false);
    expect(covers(chosenOnly, { ...call, tool_args: { ...tool_args, service_name: 'x' } }, nowSeconds)).toBe(false);
  });

  it('is let through by nothing that was given for a call of lower risk', () => {
    const presentation = Presentation.parse({
      environment: { argument: 'version', values: { '2.1.0': { risk: 'low' }, '9': { risk: 'critical' } } },
    });
    const risky = { ...call, presentation, tool_args: { ...tool_args, version: '9' } };
    expect(covers(chosenOnly, { ...call, presentation }, nowSeconds)).toBe(true);
    expect(covers(chosenOnly, risky, nowSeconds)).toBe(false);
    expect(covers({ ...chosenOnly, risk: 'high' }, risky, nowSeconds)).toBe(false);
    expect(covers({ ...chosenOnly, risk: 'critical' }, risky, nowSeconds)).toBe(true);
    // A spelling that is not declared is as risky as any.
    expect(covers(chosenOnly, { ...risky, tool_args: { ...tool_args, version: ' 2.1.0' } }, nowSeconds)).toBe(false);
  });

  it.each<[string, Partial<GrantableCall>]>([
    ['of another agent', { agent_id: 'dev' }],
    ['of another tool', { tool_name: 'undeploy' }],
    ['of a tool that is declared otherwise by now', { tool_version: 'v2' }],
    ['with another argument', { tool_args: { ...tool_args, version: '2.1.1' } }],
    ['with an argument of another type', { tool_args: { ...tool_args, version: ['2.1.0'] } }],
    ['with arguments that have no digest', { tool_args: { ...tool_args, version: '\ud800' } }],
    ['without one of the arguments', { tool_args: { version: '2.1.0' } }],
    ['that who gave it asked for', { requested_by: 'bob' }],
    ['that is for who gave it', { user_id: 'bob' }],
    ['of which nobody knows who asked', { requested_by: null }],
    ['of which the rules allow no grants', { terms: plainRequireTerms }],
    [
      'of which the rules want more people',
      { terms: { ...call.terms, approvers: [{ group: null, count: 2, members: null }] } },
    ],
    ['of which the rules want shorter grants', { terms: { ...call.terms, grant: { ...chosen, max_duration: 60 } } }],
  ])('is not let through %s', (_, change) => {
    expect(covers(grant, { ...call, ...change }, nowSeconds)).toBe(false);
  });

  it('is not let through once the grant ends, is revoked or used up, but a use that was taken stays', () => {
    expect(covers(grant, call, after(nowSeconds, 599))).toBe(true);
    expect(covers(grant, call, after(nowSeconds, 600))).toBe(false);
    expect(covers({ ...grant, revoked_at: nowSeconds }, call, nowSeconds)).toBe(false);
    const used = { ...grant, max_uses: 1, uses: [{ approval_id: 'approval-2', at: nowSeconds }] };
    expect(covers(used, call, nowSeconds)).toBe(true);
    expect(covers(used, { ...call, approval_id: 'approval-3' }, nowSeconds)).toBe(false);
  });
});

describe('a grant', () => {
  const given = (resolution_data: ResolutionData, approval = approvalAfter(required(grantable)), by = 'bob') =>
    decideApproval(approval, decided('approved', by, resolution_data), now);

  it.each<[string, NonNullable<ResolutionData['grant']>]>([
    ['no arguments at all', { expires_in: 60, arguments: {} }],
    ['an argument that the call does not have', { expires_in: 60, arguments: { region: 'eu' } }],
    ['an argument that every object has', { expires_in: 60, arguments: { toString: null } }],
    ['another value', { expires_in: 60, arguments: { ...tool_args, version: '9' } }],
    ['only some of the arguments', { expires_in: 60, arguments: { version: '2.1.0' } }],
    ['longer than the rule', { expires_in: 3_601 }],
    ['more uses than the rule', { expires_in: 60, max_uses: 11 }],
  ])('is refused with %s', (_, grant) => {
    expect(given({ grant })).toMatchObject({ kind: 'rejected', code: 'values_do_not_fit' });
  });

  it('is refused for what was done by hand, what a person fills in, and by nobody known', () => {
    const grant = { expires_in: 60 };
    const allowed = { allowed_decisions: ['approve', 'grant', 'result', 'values'] as const };
    const everything = approvalAfter(required({ allowed_decisions: [...allowed.allowed_decisions] }));
    expect(given({ grant, result: 'Done.' }, everything).kind).toBe('rejected');
    const input = approvalAfter(inputRequired(grantable));
    expect(given({ grant, values: { window: 'CHG-1', replicas: 1 } }, input).kind).toBe('rejected');
    const anybody = approvalAfter(required({ ...grantable, four_eyes: false }));
    expect(decideApproval(anybody, decided('approved', null, { grant }), now)).toMatchObject({
      code: 'values_do_not_fit',
    });
  });

  it('may leave arguments open only where the rule says so', () => {
    const approval = approvalAfter(required({ ...grantable, grant: chosen }));
    expect(given({ grant: { expires_in: 60, arguments: { version: '2.1.0' } } }, approval).kind).toBe('changed');
  });

  it('is exact when it names every argument', () => {
    const approval = approvedWith({ expires_in: 60, arguments: tool_args });
    expect(grantIn(approval, 'g', 'salt', 'v1')).toMatchObject({ covers: 'exact' });
  });

  it('is of the arguments that were approved, when they were edited', () => {
    const edited = { ...tool_args, version: '2.1.1' };
    const approval = approvalAfter(
      required(grantable, { parameters: { type: 'object' } }),
      decided('approved', 'bob', { tool_args: edited, grant: { expires_in: 60 } }),
    );
    expect(grantIn(approval, 'g', 'salt', 'v1')).toMatchObject({ arguments: edited });
  });

  it('holds no value that is not to be shown, and still knows it', () => {
    const requirement = requirementWith({ redact: ['version'] });
    const approval = approvalAfter(
      required(grantable, { requirement }),
      decided('approved', 'bob', { grant: { expires_in: 60 } }),
    );
    const secret = grantAfter(created(grantIn(approval, 'g', 'salt', toolVersion)));
    expect(JSON.stringify(secret)).not.toContain('2.1.0');
    expect(secret.arguments).toEqual({ ...tool_args, version: '[redacted]' });
    expect(covers(secret, call, nowSeconds)).toBe(true);
    expect(covers(secret, { ...call, tool_args: { ...tool_args, version: '[redacted]' } }, nowSeconds)).toBe(false);
  });

  describe('of which some counted only once it was escalated', () => {
    const ops = { group: 'ops', count: 1, members: ['bob'] };
    const anybody = { group: null, count: 1, members: null };
    const escalate_to = [{ group: 'leads', members: ['erin'] }];
    const escalating = { ...grantable, approvers: [ops], escalate_after: 60, escalate_to };
    const late = after(now, 60_000);
    const grant = { expires_in: 60 };

    it('is not given by who stands in, who may still approve', () => {
      const escalated = continued(approvalAfter(required(escalating)), late, { type: 'due' });
      expect(decideApproval(escalated, decided('approved', 'erin', { grant }), late)).toMatchObject({
        kind: 'rejected',
        reason: expect.stringMatching(/this call alone/),
      });
      expect(continued(escalated, late, decided('approved', 'erin')).status).toBe('approved');
      const byBob = continued(escalated, late, decided('approved', 'bob', { grant }));
      expect(grantIn(byBob, 'g', 'salt', 'v1')).toMatchObject({ given_by: [{ by: 'bob' }] });
    });

    it('is not made, though the call is approved', () => {
      const waiting = approvalAfter(
        required({ ...escalating, approvers: [ops, anybody] }),
        decided('approved', 'dave', { grant }),
        decided('approved', 'erin', { grant }),
      );
      expect(waiting.status).toBe('pending');
      const approval = continued(waiting, late, { type: 'due' });
      expect(approval).toMatchObject({ status: 'approved', resolution_data: { grant } });
      expect(grantIn(approval, 'g', 'salt', 'v1')).toBeUndefined();
    });
  });

  it('comes with no approval that gives none, or that is not approved', () => {
    expect(grantIn(approvalAfter(required(), decided('approved', 'bob')), 'g', 'salt', 'v1')).toBeUndefined();
    const rejected = approvalAfter(required(grantable), decided('rejected', 'bob', { grant: { expires_in: 60 } }));
    expect(grantIn(rejected, 'g', 'salt', 'v1')).toBeUndefined();
  });
});
