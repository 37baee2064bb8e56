import { Approval, approvalDigest, type ResolutionData } from '@countersign/contracts/approvals';
import { callDigest } from '@countersign/contracts/calls';
import { describe, expect, it } from 'vitest';
import {
  approvalAfter,
  approvalsOfAnybody,
  decided,
  fields,
  inputRequired,
  now,
  required,
  runFailed,
  values,
} from '../../test/approval.fixtures.js';
import { decideApproval } from './approval.js';
import type { ApprovalMessage } from './messages.js';
import { inputProblems } from './user-input.js';

const asked = approvalAfter(inputRequired());
const problemsOf = (resolution_data: ResolutionData | null) =>
  inputProblems(asked, { verdict: 'approved', resolution_data });
const outcome = (approval: Approval, message: ApprovalMessage) => {
  const transition = decideApproval(approval, message, now);
  if (transition.kind !== 'changed') throw new Error(transition.reason);
  const [resolved] = transition.events.filter(({ type }) => type === 'approval.resolved');
  return { state: transition.state, resolved: resolved?.data };
};

describe('approving a call that asks for values', () => {
  const { state, resolved } = outcome(asked, decided('approved', 'bob', { note: 'Fine.', values }));

  it('decides on the arguments with the values filled in, and on nothing else', () => {
    const tool_args = { service_name: 'auth-service', version: '2.1.0', window: 'CHG-2201', replicas: 3 };
    const digest = callDigest({ ...asked, tool_args });
    expect(resolved).toMatchObject({ tool_args, digest, resolution_data: { note: 'Fine.', values } });
    expect(digest).not.toBe(asked.digest);
  });

  it('leaves in the record what was asked for, with the values in its fields and the digest of what was approved', () => {
    const { tool_args, requirements } = asked;
    expect(Approval.parse(state)).toEqual(state);
    expect(state).toMatchObject({
      tool_args,
      digest: approvalDigest(state),
      resolution_data: { note: 'Fine.', values },
    });
    const shown = [{ value: 'CHG-2201' }, { value: 3 }, { value: null }];
    expect(state.requirements).toMatchObject([
      { user_input_schema: shown, tool_execution: { tool_args, answered: true, user_input_schema: shown } },
    ]);
    expect(requirements[0]!.tool_execution.answered).toBeNull();
  });

  it('takes an optional field as well, and replaces what the model said', () => {
    const fieldsOfModel = [{ ...fields[0]!, name: 'version' }, fields[2]!];
    const approval = approvalAfter(inputRequired({}, { user_input_schema: fieldsOfModel }));
    const given = { version: 'CHG-1', regions: ['eu'] };
    expect(outcome(approval, decided('approved', 'bob', { values: given })).resolved).toMatchObject({
      tool_args: { service_name: 'auth-service', ...given },
    });
  });
});

describe('values that do not fit', () => {
  it.each<[string, ResolutionData | null, [field: string, message: string][]]>([
    [
      'nothing',
      null,
      [
        ['.window', 'is missing'],
        ['.replicas', 'is missing'],
      ],
    ],
    ['a missing field', { values: { window: 'CHG-1' } }, [['.replicas', 'is missing']]],
    ['an unknown field', { values: { ...values, force: true } }, [['.force', 'is not a field of this call']]],
    [
      'a name that every object has',
      { values: { ...values, toString: 1 } },
      [['.toString', 'is not a field of this call']],
    ],
    ['another type', { values: { ...values, replicas: '3' } }, [['.replicas', 'must be integer']]],
    ['null', { values: { ...values, replicas: null } }, [['.replicas', 'must be integer']]],
    ['a value out of bounds', { values: { ...values, replicas: 0 } }, [['.replicas', 'must be >= 1']]],
    [
      'a wrong item of an optional list',
      { values: { ...values, regions: ['eu', 1] } },
      [['.regions', '1: must be string']],
    ],
    [
      'more than a message can carry',
      { values: { window: 'x'.repeat(50_000) } },
      [['', 'at most 50000 characters of JSON']],
    ],
  ])('are refused, and each field is named: %s', (_, data, problems) => {
    const errors = problems.map(([field, message]) => ({ path: `resolution_data.values${field}`, message }));
    expect(problemsOf(data)).toEqual(errors);
    const named = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
    expect(decideApproval(asked, decided('approved', 'bob', data), now)).toEqual({
      kind: 'rejected',
      reason: `the values do not fit: ${named}`,
      code: 'values_do_not_fit',
    });
  });

  it('are those that have no digest, and those of which nobody can tell', () => {
    expect(problemsOf({ values: { ...values, window: 'CHG-\ud800' } })).toMatchObject([
      { path: 'resolution_data.values.window', message: expect.stringMatching(/^cannot be checked: /) },
    ]);
    const unclear = [{ ...fields[0]!, schema: { type: 'no such type' } }];
    const approval = approvalAfter(inputRequired({}, { user_input_schema: unclear }));
    const refused = decided('approved', 'bob', { values: { window: 'CHG-1' } });
    expect(decideApproval(approval, refused, now)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('resolution_data.values.window: cannot be checked: '),
    });
  });
});

describe('values are not asked for', () => {
  it('by a rejection', () => {
    const { state, resolved } = outcome(asked, decided('rejected', 'bob', { values: { window: 1 } }));
    expect(state).toMatchObject({ status: 'rejected', requirements: asked.requirements });
    expect(resolved).toMatchObject({ tool_args: asked.tool_args, digest: asked.digest });
  });

  it('when the work was already done by hand', () => {
    const { state, resolved } = outcome(asked, decided('approved', 'bob', { result: 'Done.' }));
    expect(state).toMatchObject({ status: 'approved', requirements: asked.requirements });
    expect(resolved).toMatchObject({ tool_args: asked.tool_args, resolution_data: { result: 'Done.' } });
  });

  it('by a call with another kind of pause, which keeps those it gets beside its arguments', () => {
    const approval = approvalAfter(required());
    const { resolved } = outcome(approval, decided('approved', 'bob', { values }));
    expect(resolved).toMatchObject({
      tool_args: approval.tool_args,
      digest: approval.digest,
      resolution_data: { values },
    });
  });
});

describe('values that several people approve', () => {
  const half = approvalAfter(inputRequired(approvalsOfAnybody(2)), decided('approved', 'bob', { note: 'Ok.', values }));

  it('can be seen by those who come later', () => {
    expect(half).toMatchObject({ status: 'pending', resolution_data: { values }, requirements: asked.requirements });
  });

  it('are the same for all of them', () => {
    const others = { ...values, replicas: 4 };
    expect(decideApproval(half, decided('approved', 'carol', { values: others }), now)).toEqual({
      kind: 'rejected',
      code: 'others_disagree',
      reason: 'others have approved other values or arguments, or another result or grant: approve the same, or reject',
    });
    const { state } = outcome(half, decided('approved', 'carol', { values: { replicas: 3, window: 'CHG-2201' } }));
    expect(state).toMatchObject({ status: 'approved', resolution_data: { values } });
  });

  it('are gone with the run', () => {
    expect(outcome(half, runFailed).state).toMatchObject({ status: 'cancelled', resolution_data: null });
  });
});
