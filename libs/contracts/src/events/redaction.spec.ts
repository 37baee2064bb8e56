import { describe, expect, it } from 'vitest';
import { redactApproval, type ResolutionData } from '../approvals/approval.js';
import {
  pauseTypeOf,
  redactArguments,
  redactRequirement,
  Requirement,
  type ToolExecution,
  type UserInputField,
} from '../calls/tool-call.js';

const field = (name: string, value: unknown): UserInputField => ({
  name,
  field_type: 'str',
  description: null,
  value,
  schema: { type: 'string' },
  required: true,
});
const fields = [field('token', 's3cret'), field('window', 'CHG-2201'), field('pin', null)];

/** A call whose `token` and `pin` are not for everybody. */
const requirement = (change: Partial<ToolExecution> = {}): Requirement =>
  Requirement.parse({
    id: 'approval-1',
    confirmation: null,
    confirmation_note: null,
    external_execution_result: null,
    user_input_schema: fields,
    tool_execution: {
      tool_call_id: 'call_1',
      tool_name: 'rotate_key',
      tool_args: { service: 'auth', token: 's3cret' },
      result: null,
      requires_confirmation: false,
      confirmed: null,
      requires_user_input: true,
      external_execution_required: false,
      approval_type: 'required',
      approval_id: 'approval-1',
      user_input_schema: fields,
      redact: ['token', 'pin'],
      ...change,
    },
  });

describe('a requirement that is redacted', () => {
  it('shows neither the declared arguments nor what was filled in for them', () => {
    const redacted = redactRequirement(requirement());
    const shown = [field('token', '[redacted]'), field('window', 'CHG-2201'), field('pin', null)];
    expect(redacted.tool_execution.tool_args).toEqual({ service: 'auth', token: '[redacted]' });
    expect(redacted.user_input_schema).toEqual(shown);
    expect(redacted.tool_execution.user_input_schema).toEqual(shown);
  });

  it('is as it was when nothing is declared', () => {
    expect(redactRequirement(requirement({ redact: [] }))).toEqual(requirement({ redact: [] }));
  });

  it('keeps the fields that only the requirement names', () => {
    const only = redactRequirement(requirement({ user_input_schema: null, redact: [] }));
    expect(only.user_input_schema).toEqual(fields);
    const redacted = redactRequirement(requirement({ user_input_schema: null }));
    expect(redacted.user_input_schema?.map(({ value }) => value)).toEqual(['[redacted]', 'CHG-2201', null]);
  });
});

describe('arguments that are redacted', () => {
  it('keep their names, and those that are not declared their values', () => {
    expect(redactArguments({ token: { a: 1 }, other: null }, ['token', 'absent'])).toEqual({
      token: '[redacted]',
      other: null,
    });
  });
});

describe('an approval that is redacted', () => {
  const approval = (redact: string[], resolution_data: ResolutionData | null = null) => ({
    id: 'approval-1',
    salt: 'salt',
    tool_args: { service: 'auth', token: 's3cret' },
    approved_args: null,
    requirements: [requirement({ redact })],
    resolution_data,
  });

  it('shows the declared arguments nowhere: not as asked for, and not as filled in', () => {
    const values = { pin: '1234', window: 'CHG-2201' };
    const shown = redactApproval(approval(['token', 'pin'], { note: 'Fine.', values }));
    expect(JSON.stringify(shown)).not.toMatch(/s3cret|1234/);
    expect(shown).toMatchObject({
      id: 'approval-1',
      // With it the digest would tell a short value to whoever tries them all.
      salt: null,
      tool_args: { service: 'auth', token: '[redacted]' },
      resolution_data: { note: 'Fine.', values: { pin: '[redacted]', window: 'CHG-2201' } },
    });
  });

  it.each([[null], [{ note: 'Fine.' }]])('keeps resolution data without values as it is: %j', (data) => {
    expect(redactApproval(approval(['token'], data)).resolution_data).toEqual(data);
  });

  it('is as it was when nothing is declared', () => {
    expect(redactApproval(approval([]))).toEqual(approval([]));
  });
});

describe('the kind of pause', () => {
  it.each([
    ['external_execution', { external_execution_required: true, requires_user_input: true }],
    ['user_input', { requires_confirmation: true, requires_user_input: true }],
    ['confirmation', { requires_confirmation: true, requires_user_input: false }],
  ] as const)('is %s when the call asks for %j', (type, change) => {
    expect(pauseTypeOf(requirement(change).tool_execution)).toBe(type);
  });
});
